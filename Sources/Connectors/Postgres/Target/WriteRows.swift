import ConnectorKit
import Records

/// The rows of one write, counted through all its payloads: in their order, or put together by stream.
struct WriteRows {
  /// Rows of one payload, stream and shape that follow each other.
  private struct Piece {
    var payload: Int
    /// Which of the payload's rows.
    var rows: Range<Int>
    var stream: Int
    var tag: UInt16
    /// The number of the first.
    var first = 0
    var end: Int { first + rows.count }
  }

  let payloads: [Payload]
  private var pieces: [Piece] = []
  /// Whether the rows of each stream stand together, whatever order they came in.
  let isGrouped: Bool
  private(set) var count = 0

  init(_ payloads: [Payload], grouped: Bool = false) {
    self.payloads = payloads
    isGrouped = grouped
    for payload in payloads.indices { cut(payload) }
    // Stable, so that the rows of a stream stay in order.
    if grouped { pieces.sort { $0.stream < $1.stream } }
    for index in pieces.indices {
      pieces[index].first = count
      count += pieces[index].rows.count
    }
  }

  private mutating func cut(_ index: Int) {
    let payload = payloads[index]
    let count = payload.rows.count
    var start = 0
    while start < count {
      let first = payload.rows[start]
      var next = start + 1
      while next < count, payload.rows[next].tag == first.tag, payload.rows[next].stream == first.stream { next += 1 }
      pieces.append(Piece(payload: index, rows: start..<next, stream: Int(first.stream), tag: first.tag))
      start = next
    }
  }

  /// The same, with the rows of each stream together where that saves many statements and changes no result: truncates,
  /// and deletes that take rows of other tables along, must stay where they are. What another table's foreign key does not
  /// allow in this order is refused, and never stored otherwise.
  ///
  /// - Parameter cascades: whether deletes in a stream's table take rows of others along.
  func grouped(cascades: (_ stream: Int) -> Bool) -> WriteRows {
    let segments = segments
    guard segments.count > Self.segmentsMax, Set(segments.map(\.stream)).count > 1 else { return self }
    let mustStay = pieces.contains { piece in
      let shape = RowLayout.Shape(tag: piece.tag)
      return shape == .truncate || shape.isDelete && cascades(piece.stream)
    }
    return mustStay ? self : WriteRows(payloads, grouped: true)
  }

  /// The streams that have rows.
  var streams: Set<Int> { Set(pieces.map(\.stream)) }

  /// Whether there are rows beside whole ones: deletes, truncates, rows that leave fields out.
  var hasChanges: Bool {
    pieces.contains { $0.tag != RowLayout.Shape.full.tag && $0.tag != RowLayout.Shape.binary.tag }
  }

  /// Up to so many sets of statements a write keeps its rows in their order at once, in segments.
  private static let segmentsMax = 4

  func place(of row: Int) -> RowPlace {
    let piece = pieces[index(of: row)]
    return RowPlace(payload: piece.payload, row: piece.rows.lowerBound + row - piece.first)
  }

  /// The piece that holds a row.
  private func index(of row: Int) -> Int {
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].end > row { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Rows that follow each other and go to the server together.
  struct Segment: Equatable {
    var rows: Range<Int>
    var stream: Int
    var shape: RowLayout.Shape
  }

  /// Cuts the rows where their stream or shape changes.
  func runs(in rows: Range<Int>) -> [Segment] {
    var found: [Segment] = []
    forEachPiece(in: rows) { piece, range in
      if let last = found.last, last.shape.tag == piece.tag, last.stream == piece.stream {
        found[found.count - 1].rows = last.rows.lowerBound..<range.upperBound
      } else {
        found.append(Segment(rows: range, stream: piece.stream, shape: RowLayout.Shape(tag: piece.tag)))
      }
    }
    return found
  }

  /// Segments that can be stored by one set of statements each: whole rows and deletes together, other shapes alone.
  var segments: [Segment] {
    var found: [Segment] = []
    for run in runs(in: 0..<count) {
      if let last = found.last, last.stream == run.stream, last.shape.isMixable, run.shape.isMixable {
        found[found.count - 1].rows = last.rows.lowerBound..<run.rows.upperBound
        found[found.count - 1].shape = .full
      } else {
        found.append(run)
      }
    }
    return found
  }

  /// The text of these rows, a part a piece.
  func forEachText<E: Error>(of rows: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    var failure: E?
    forEachPiece(in: rows) { piece, range in
      guard failure == nil else { return }
      let payload = payloads[piece.payload]
      let first = piece.rows.lowerBound + range.lowerBound - piece.first
      let start = first == 0 ? 0 : Int(payload.rows[first - 1].end)
      let end = Int(payload.rows[first + range.count - 1].end)
      do throws(E) {
        try body(UnsafeRawBufferPointer(rebasing: payload.bytes.bytes[start..<end]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Each piece that has some of the rows, and which.
  private func forEachPiece(in rows: Range<Int>, _ body: (Piece, Range<Int>) -> Void) {
    if rows.isEmpty { return }
    for piece in pieces[index(of: rows.lowerBound)...] {
      let range = rows.clamped(to: piece.first..<piece.end)
      if range.isEmpty { return }
      body(piece, range)
    }
  }
}

extension RowLayout.Shape {
  /// Whether rows of this shape and another such can be stored together.
  fileprivate var isMixable: Bool { self == .full || self == .binary || isDelete }
}
