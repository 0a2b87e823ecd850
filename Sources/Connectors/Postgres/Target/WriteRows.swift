import ConnectorKit
import Records

/// The rows of one write, counted through all its payloads.
struct WriteRows {
  private let payloads: [Payload]
  /// The number of the first row of each payload, and behind the last the number of all.
  private let starts: [Int]

  init(_ payloads: [Payload]) {
    self.payloads = payloads
    var starts = [0]
    for payload in payloads { starts.append(starts[starts.count - 1] + payload.rows.count) }
    self.starts = starts
  }

  var count: Int { starts[starts.count - 1] }

  func place(of row: Int) -> RowPlace {
    let payload = (starts.firstIndex { $0 > row } ?? starts.count) - 1
    return RowPlace(payload: payload, row: row - starts[payload])
  }

  /// Rows that follow each other and go to the server together.
  struct Segment: Equatable {
    var rows: Range<Int>
    var shape: RowLayout.Shape
  }

  /// Cuts the rows where their shape changes.
  func runs(in rows: Range<Int>) -> [Segment] {
    var found: [Segment] = []
    forEachPayload(in: rows) { payload, range, first in
      for row in range {
        let tag = payload.rows[row].tag
        let number = first + row - range.lowerBound
        if let last = found.last, last.shape.tag == tag {
          found[found.count - 1].rows = last.rows.lowerBound..<number + 1
        } else {
          found.append(Segment(rows: number..<number + 1, shape: RowLayout.Shape(tag: tag)))
        }
      }
    }
    return found
  }

  /// Segments that can be stored by one set of statements each: whole rows and deletes together, other shapes alone.
  var segments: [Segment] {
    var found: [Segment] = []
    for run in runs(in: 0..<count) {
      let isMixable = run.shape == .full || run.shape == .delete
      if let last = found.last, isMixable, last.shape == .full || last.shape == .delete {
        found[found.count - 1] = Segment(rows: last.rows.lowerBound..<run.rows.upperBound, shape: .full)
      } else {
        found.append(run)
      }
    }
    return found
  }

  /// The text of these rows, a piece a payload.
  func forEachText<E: Error>(of rows: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    var failure: E?
    forEachPayload(in: rows) { payload, range, _ in
      guard failure == nil else { return }
      let start = range.lowerBound == 0 ? 0 : Int(payload.rows[range.lowerBound - 1].end)
      let end = Int(payload.rows[range.upperBound - 1].end)
      do throws(E) {
        try body(UnsafeRawBufferPointer(rebasing: payload.bytes.bytes[start..<end]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Each payload that has some of the rows, which of its own they are, and the number of the first.
  private func forEachPayload(in rows: Range<Int>, _ body: (Payload, Range<Int>, Int) -> Void) {
    for index in payloads.indices {
      let range = rows.clamped(to: starts[index]..<starts[index + 1])
      if range.isEmpty { continue }
      body(payloads[index], range.lowerBound - starts[index]..<range.upperBound - starts[index], range.lowerBound)
    }
  }
}
