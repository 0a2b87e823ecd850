import ConnectorKit
import Records

/// Creates, changes and deletes items in arrays, in the order of the rows.
///
/// The API has no upsert: it is asked which items are there, those are changed and the others created; whoever was faster
/// meanwhile is noticed. A row that is refused, or that the server fails for while it takes others, is found by halving the
/// array that it stood in.
///
/// `@unchecked Sendable`: all calls come from the target's lane, one at a time.
final class DirectusTarget: ParkingTarget, @unchecked Sendable {
  /// So many rows after each other that the server fails for mean that it is away, not that they are at fault.
  private static let failuresMax = 5

  private struct Line {
    var place: RowPlace
    var isDelete: Bool
    /// As JSON.
    var key: String
    var row: String

    /// Holds within the process, as long as rows are parked.
    var keyHash: UInt64 { UInt64(bitPattern: Int64(DirectusTarget.plain(key).hashValue)) }
  }

  /// What became of the rows of one write.
  private struct Outcome {
    var written = Written()
    /// Keys of which an earlier row is parked.
    var withheld: Set<UInt64>
    /// How many rows the server failed for since it did something.
    var failuresInRow = 0
  }

  private let collection: String
  private let server: DirectusServer
  private let rowsPerRequest: Int
  private let ignoresDeletes: Bool
  private let context: Context
  private let page = JSONPage()
  private var api: DirectusAPI?
  /// The name of the key's field.
  private var key = "id"

  init(_ settings: DirectusTargetConnector, _ server: DirectusServer, _ context: Context) {
    collection = settings.collection
    self.server = server
    rowsPerRequest = settings.rowsPerRequest
    ignoresDeletes = settings.onDelete == .ignore
    self.context = context
  }

  var rowsAtOnce: Int { rowsPerRequest }

  func open(at mark: Value?) throws(ConnectorError) -> Position? {
    api = try DirectusAPI(server, wallTime: context.wallTime)
    return nil
  }

  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    guard columns.key.count == 1 else { throw DirectusEncoder.needsKey }
    key = columns.names[columns.key[0]]
    return DirectusEncoder(columns, ignoresDeletes: ignoresDeletes)
  }

  func flush() -> Value? { nil }
  func finish() {}
  func close() { api = nil }

  // MARK: - Writing

  func write(_ payloads: [Payload]) throws(ConnectorError) -> Written {
    let written = try write(payloads, withholding: [])
    if let error = written.parked.lazy.compactMap(\.error).first { throw error }
    return written
  }

  func write(_ payloads: [Payload], withholding keys: Set<UInt64>) throws(ConnectorError) -> Written {
    guard let api else { throw ConnectorError("http.not_open", "The target is not open.", remedy: .stop) }
    var outcome = Outcome(withheld: keys)
    var rest = Self.lines(payloads)[...]
    while let first = rest.first {
      var keys: Set<String> = []
      let run = rest.prefix { line in
        keys.count < rowsPerRequest && line.isDelete == first.isDelete && keys.insert(line.key).inserted
      }
      rest = rest.dropFirst(run.count)
      let held = run.filter { outcome.withheld.contains($0.keyHash) }
      outcome.written.parked += held.map { Parked($0.place, key: $0.keyHash) }
      let lines = run.filter { !outcome.withheld.contains($0.keyHash) }
      if first.isDelete { try delete(lines, api, &outcome) } else { try upsert(lines, api, &outcome) }
    }
    return outcome.written
  }

  private static func lines(_ payloads: [Payload]) -> [Line] {
    var lines: [Line] = []
    for (index, payload) in payloads.enumerated() {
      var start = 0
      for row in payload.rows.indices {
        let entry = payload.rows[row]
        let bytes = payload.bytes.bytes[start..<Int(entry.end)]
        start = Int(entry.end)
        // No JSON text holds a zero.
        let cut = bytes.firstIndex(of: 0) ?? bytes.endIndex
        lines.append(
          Line(
            place: RowPlace(payload: index, row: row), isDelete: entry.tag == DirectusEncoder.deleteTag,
            key: String(decoding: bytes[..<cut], as: UTF8.self),
            row: String(decoding: bytes[cut...].dropFirst(), as: UTF8.self)))
      }
    }
    return lines
  }

  private func upsert(_ lines: [Line], _ api: DirectusAPI, _ outcome: inout Outcome) throws(ConnectorError) {
    let there = try existing(lines.map(\.key), api)
    try send("PATCH", lines.filter { there.contains(Self.plain($0.key)) }, api, &outcome)
    try send("POST", lines.filter { !there.contains(Self.plain($0.key)) }, api, &outcome)
  }

  /// Sends an array; where it is refused, its halves, and in the end each row alone.
  private func send(
    _ method: String, _ lines: [Line], _ api: DirectusAPI, _ outcome: inout Outcome
  ) throws(ConnectorError) {
    if lines.isEmpty { return }
    let body = "[" + lines.map(\.row).joined(separator: ",") + "]"
    let answer = try api.send(
      method, "\(DirectusQuery.path(of: collection))?fields=\(PercentCode.encoded(key))", body: body)
    guard let error = try failure(answer, api) else { return outcome.failuresInRow = 0 }
    if lines.count > 1 {
      let half = lines.count / 2
      try send(method, Array(lines[..<half]), api, &outcome)
      try send(method, Array(lines[half...]), api, &outcome)
      return
    }
    try settle(lines[0], error, method, api, &outcome)
  }

  /// A row that was refused by itself: the item may have come or gone since it was looked for.
  private func settle(
    _ line: Line, _ error: DirectusError, _ method: String, _ api: DirectusAPI, _ outcome: inout Outcome
  ) throws(ConnectorError) {
    if error.isFault { return try park(line, error, &outcome) }
    let isThere = try !existing([line.key], api).isEmpty
    let right = isThere ? "PATCH" : "POST"
    var last = error
    if right != method {
      let path = "\(DirectusQuery.path(of: collection))?fields=\(PercentCode.encoded(key))"
      guard let again = try failure(api.send(right, path, body: "[\(line.row)]"), api) else { return }
      last = again
    }
    if last.isFault { return try park(line, last, &outcome) }
    if last.status == 403 { throw last.connectorError("write \(collection)") }
    outcome.written.rejections.append(Self.rejection(of: line, last))
  }

  /// A missing item is answered with 403, like one that may not be deleted; so it is looked for first. One that is refused,
  /// such as an item that others refer to, is found by halving.
  private func delete(_ lines: [Line], _ api: DirectusAPI, _ outcome: inout Outcome) throws(ConnectorError) {
    for isLast in [false, true] {
      let there = try existing(lines.map(\.key), api)
      let named = lines.filter { there.contains(Self.plain($0.key)) }
      if named.isEmpty { return }
      let answer = try api.send(
        "DELETE", DirectusQuery.path(of: collection), body: "[" + named.map(\.key).joined(separator: ",") + "]")
      guard let error = try failure(answer, api) else { return outcome.failuresInRow = 0 }
      // Somebody may have deleted one meanwhile.
      if error.status == 403, !isLast { continue }
      if error.status == 403 { throw error.connectorError("delete from \(collection)") }
      if named.count == 1, error.isFault { return try park(named[0], error, &outcome) }
      guard named.count > 1 else { return outcome.written.rejections.append(Self.rejection(of: named[0], error)) }
      let half = named.count / 2
      try delete(Array(named[..<half]), api, &outcome)
      return try delete(Array(named[half...]), api, &outcome)
    }
  }

  /// The server fails for this row, and perhaps for no other: its key waits.
  private func park(_ line: Line, _ error: DirectusError, _ outcome: inout Outcome) throws(ConnectorError) {
    let failure = error.connectorError("write \(collection)")
    outcome.failuresInRow += 1
    if outcome.failuresInRow >= Self.failuresMax { throw failure }
    outcome.withheld.insert(line.keyHash)
    outcome.written.parked.append(Parked(line.place, key: line.keyHash, error: failure))
  }

  private static func rejection(of line: Line, _ error: DirectusError) -> Rejection {
    Rejection(
      place: line.place, code: "directus.row_refused", field: error.field,
      message: error.code.map { "\(error.message) (\($0))" } ?? error.message)
  }

  /// nil where it was done; throws what no other row would change. A server that fails with 500 may do so for a single row.
  private func failure(_ answer: Transfer, _ api: DirectusAPI) throws(ConnectorError) -> DirectusError? {
    if answer.isAnswered, (200..<300).contains(answer.status) { return nil }
    let error = api.error(answer)
    if error.status == 0 || error.isOutage && !error.isFault || error.status == 401 {
      throw error.connectorError("write \(collection)")
    }
    return error
  }

  // MARK: - What is there

  /// Which of the keys have an item. A server may give fewer than it is asked for, so it is asked until nothing comes.
  private func existing(_ keys: [String], _ api: DirectusAPI) throws(ConnectorError) -> Set<String> {
    var found: Set<String> = []
    var rest = keys[...]
    while !rest.isEmpty {
      try look(for: Array(rest.prefix(DirectusSource.keysPerRequest)), api, &found)
      rest = rest.dropFirst(DirectusSource.keysPerRequest)
    }
    return found
  }

  private func look(
    for keys: [String], _ api: DirectusAPI, _ found: inout Set<String>
  ) throws(ConnectorError) {
    while true {
      let missing = keys.filter { !found.contains(Self.plain($0)) }
      if missing.isEmpty { return }
      let values = missing.map { (try? Value(json: $0)) ?? .null }
      let query = DirectusQuery(
        collection: collection, fields: [key], filters: [DirectusQuery.condition(key, "_in", .array(values))], sort: [],
        limit: missing.count)
      let before = found.count
      for item in try api.items(query, into: page) {
        if let text = page.text(page.member(key, of: item)) { found.insert(text) }
      }
      if found.count == before { return }
    }
  }

  /// A key as text: the API writes one now as a number, now as a text.
  private static func plain(_ key: String) -> String { (try? Value(json: key))?.string ?? key }
}

/// Writes each row as its key, a zero and its fields; the last are left out of a delete.
final class DirectusEncoder: Encoder {
  static let deleteTag: UInt16 = 1
  private var view: RowView
  private let ignoresDeletes: Bool

  init(_ columns: Columns, ignoresDeletes: Bool) {
    view = RowView(columns)
    self.ignoresDeletes = ignoresDeletes
  }

  static let needsKey = ConnectorError(
    "directus.no_key", "Items have one key, and the target names none, or several.", remedy: .stop,
    hint: "Set the target's key to the collection's primary key: key: [id].")

  func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[index]
    if row.operation == .truncate {
      throw Refusal(code: "http.no_truncate", message: "no request stands for emptying a whole collection")
    }
    if row.operation == .delete, ignoresDeletes {
      batch.events[Int(row.event)].outcome = .filtered
      return
    }
    try view.set(index, of: batch)
    let cell = batch.rows.cells[Int(row.firstCell) + view.columns.key[0]]
    switch cell.kind {
    case .string, .integer, .number: NodeJSON.append(cell: cell, of: batch, to: &payload.bytes)
    default:
      throw Refusal(
        code: "directus.no_key", field: view.columns.names[view.columns.key[0]], message: "the row has no key")
    }
    payload.bytes.append(0)
    let isDelete = row.operation == .delete
    if !isDelete { _ = try view.appendJSON(.row, of: batch, to: &payload.bytes) }
    payload.rows.append(
      Payload.Entry(
        end: UInt64(payload.bytes.count), event: row.event, stream: row.stream, tag: isDelete ? Self.deleteTag : 0))
  }
}
