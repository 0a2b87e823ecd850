import ConnectorKit
import Records

/// How the rows of one side came out of a first look.
struct SideSketch: Sendable {
  var streams: [Sketch]
  /// Events that make no row: filtered, and refused.
  var filtered: UInt64 = 0
  var refused: UInt64 = 0

  fileprivate mutating func count(_ batch: Batch) {
    for index in batch.events.indices {
      switch batch.events[index].outcome {
      case .deadLettered: refused += 1
      case .filtered, .duplicate: filtered += 1
      case .flowing, .written, .stale: break
      }
    }
  }
}

/// A row that was seen in a second look.
struct SeenRow: Sendable {
  /// Of the last row of the key.
  var digest: UInt64
  var count = 1
  var key: [Value]
}

/// A row that is held to be compared value by value.
struct HeldRow: Sendable, Equatable {
  struct Cell: Sendable, Equatable {
    var name: String
    /// nil where the row leaves the column as it is.
    var value: Value?
    var form: [UInt8]

    /// By what is compared.
    static func == (a: Cell, b: Cell) -> Bool { a.name == b.name && a.form == b.form }
  }

  var cells: [Cell]
  var key: [Value]
  /// The event that it was made of, as one line of JSON; empty on the target's side.
  var event = ""
}

/// The looks at one side: each reads it once, and keeps no more than it says.
struct Look: Sendable {
  let side: any Side
  let forms: [RowForm]
  /// Told of so many rows more.
  let tick: @Sendable (Int) -> Void

  /// Bounded by the buckets.
  func sketch(buckets: Int) async throws(ConnectorError) -> SideSketch {
    var found = SideSketch(streams: forms.map { _ in Sketch(buckets: buckets) })
    var writer = FormWriter()
    try await side.read(.all) { batch, stream in
      found.count(batch)
      forEachRow(of: batch, stream) { row, stream in
        forms[stream].writeKey(row, batch, &writer)
        let key = Digest.of(writer.bytes.bytes)
        if forms[stream].hasKey { forms[stream].writeRow(row, batch, &writer) }
        found.streams[stream].add(key: key, row: Digest.of(writer.bytes.bytes))
      }
      tick(batch.rows.rows.count)
    }
    return found
  }

  /// The rows in these buckets, which the caller has bounded.
  func rows(
    of stream: Int, in buckets: Set<Int>, like sketch: Sketch
  ) async throws(ConnectorError) -> [[UInt8]: SeenRow] {
    var found: [[UInt8]: SeenRow] = [:]
    let form = forms[stream]
    var writer = FormWriter()
    try await side.read(.stream(stream)) { batch, only in
      forEachRow(of: batch, only) { row, number in
        guard number == stream else { return }
        form.writeKey(row, batch, &writer)
        guard buckets.contains(sketch.bucket(of: Digest.of(writer.bytes.bytes))) else { return }
        let key = Array(writer.bytes.bytes)
        form.writeRow(row, batch, &writer)
        let digest = Digest.of(writer.bytes.bytes)
        let count = (found[key]?.count ?? 0) + 1
        found[key] = SeenRow(digest: digest, count: count, key: form.key(of: row, batch))
      }
      tick(batch.rows.rows.count)
    }
    return found
  }

  /// The rows of these keys, of which there are no more than the caller says.
  ///
  /// - Parameter keys: by which they are read alone; nil: all rows are looked through.
  func held(
    _ stream: Int, _ wanted: Set<[UInt8]>, by keys: [SourcePart.Keys]?
  ) async throws(ConnectorError) -> [[UInt8]: HeldRow] {
    var found: [[UInt8]: HeldRow] = [:]
    let form = forms[stream]
    var writer = FormWriter()
    for choice in keys.map({ $0.map { Choice.keys(stream: stream, $0) } }) ?? [.stream(stream)] {
      try await side.read(choice) { batch, only in
        forEachRow(of: batch, only) { row, number in
          guard number == stream else { return }
          form.writeKey(row, batch, &writer)
          let key = Array(writer.bytes.bytes)
          if wanted.contains(key) { found[key] = hold(row, batch, form, &writer) }
        }
        if keys == nil { tick(batch.rows.rows.count) }
      }
    }
    return found
  }

  private func hold(_ row: Row, _ batch: Batch, _ form: RowForm, _ writer: inout FormWriter) -> HeldRow {
    var cells: [HeldRow.Cell] = []
    let named = zip(form.columns.names, form.kinds).enumerated().map { ($1.0, form.cell($0, row, batch), $1.1) }
    for (name, cell, kind) in named + form.rest(of: row, batch).map({ ($0.name, $0.node, form.restKind) }) {
      writer.removeAll()
      writer.append(cell, kind, batch)
      cells.append(HeldRow.Cell(name: name, value: batch.value(ofCell: cell), form: Array(writer.bytes.bytes)))
    }
    return HeldRow(cells: cells, key: form.key(of: row, batch), event: batch.eventLine(Int(row.event)))
  }

  /// Rows that a target would hold.
  private func forEachRow(of batch: Batch, _ stream: Int?, _ body: (Row, Int) -> Void) {
    batch.forEachTargetRow { row in body(row, stream ?? Int(row.stream)) }
  }
}

extension Batch {
  /// An event as one line of JSON, as a dead letter holds it: every digit stays.
  fileprivate func eventLine(_ index: Int) -> String {
    let event = events[index]
    let parts: [(String, UInt32)] = [
      ("record", originals[index] ?? event.record), ("key", event.key), ("before", event.before), ("meta", event.meta),
    ]
    let texts = parts.map { name, node in "\"\(name)\":\(node == Event.none ? "null" : json(at: Int(node)))" }
    let types = hiddenTypes(of: index).json
    return "{\"op\":\"\(event.operation.name)\",\(texts.joined(separator: ",")),\"types\":\(types)}"
  }
}
