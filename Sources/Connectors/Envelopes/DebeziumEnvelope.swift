import Records

/// Debezium's change events: the envelope, with and without its schema, and the flattened row of ExtractNewRecordState.
struct DebeziumEnvelope: Envelope {
  /// Stands for a large value that a change did not touch and that the database did not send.
  static let unavailable = "__debezium_unavailable_value"

  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    // The tombstone behind a delete says nothing that the delete did not say.
    if message.payload.isEmpty { return notice(message, builder, batch) }
    let root = try builder.value(of: message, batch)
    for value in batch.nodes[root].kind == .array ? builder.elements(of: root, batch) : [root] {
      let payload = Self.payload(value, builder, batch)
      if builder.isNull(payload, batch) {
        notice(message, builder, batch)
        continue
      }
      guard batch.nodes[payload].kind == .object else { throw .notAnObject(batch.nodes[payload].kind) }
      let raw = value == root ? nil : builder.range(of: value, batch)
      try open(payload, of: message, raw: raw, builder, batch)
    }
  }

  private func notice(_ message: Message, _ builder: EventBuilder, _ batch: Batch) {
    var parts = EventParts(.read)
    parts.isNotice = true
    builder.add(parts, of: message, batch)
  }

  /// Without the schema around it: an object of exactly `schema` and `payload`.
  static func payload(_ value: Int, _ builder: EventBuilder, _ batch: Batch) -> Int {
    guard let payload = builder.member("payload", of: value, batch), builder.member("schema", of: value, batch) != nil,
      batch.children(of: value).count == 2
    else { return value }
    return payload
  }

  private func open(
    _ payload: Int, of message: Message, raw: Range<Int>?, _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) {
    var parts = EventParts(.update)
    if let code = builder.text(builder.member("op", of: payload, batch), batch),
      builder.member("source", of: payload, batch) != nil
    {
      guard let operation = Self.operation(code) else {
        parts.isNotice = true
        return builder.add(parts, of: message, batch)
      }
      parts.operation = operation
      Self.rows(payload, &parts, builder, batch)
      Self.origin(payload, &parts, builder, batch)
    } else if builder.member("status", of: payload, batch) != nil,
      builder.member("event_count", of: payload, batch) != nil
    {
      // Begin or end of a transaction.
      parts.isNotice = true
    } else {
      flattened(payload, &parts, builder, batch)
    }
    parts.raw = raw
    if let row = parts.record ?? parts.before {
      builder.apply(pointers, to: &parts, in: row, headers: message.headers, batch)
    }
    if parts.record == nil, parts.operation != .truncate, !parts.isNotice {
      throw .shape("Debezium", "a change of kind `\(parts.operation.name)` has no row")
    }
    builder.add(parts, of: message, batch)
  }

  /// nil for messages of the application and whatever else is no change.
  static func operation(_ code: String) -> Operation? {
    switch code {
    case "c": .create
    case "u": .update
    case "d": .delete
    case "r": .read
    case "t": .truncate
    default: nil
    }
  }

  /// The rows before and after; that of a delete is the last one known.
  static func rows(_ payload: Int, _ parts: inout EventParts, _ builder: EventBuilder, _ batch: Batch) {
    let after = object("after", payload, builder, batch)
    let before = object("before", payload, builder, batch)
    parts.before = before
    parts.record = parts.operation == .delete ? before : after
    if let record = parts.record { parts.record = withoutUnavailable(record, builder, batch) }
  }

  private static func object(_ name: String, _ payload: Int, _ builder: EventBuilder, _ batch: Batch) -> Int? {
    builder.member(name, of: payload, batch).flatMap { batch.nodes[$0].kind == .object ? $0 : nil }
  }

  /// What was not sent is left out, so that a target keeps what it has.
  private static func withoutUnavailable(_ row: Int, _ builder: EventBuilder, _ batch: Batch) -> Int {
    let missing = batch.children(of: row).map(\.node).filter { isUnavailable(batch.nodes[$0], batch) }
    guard !missing.isEmpty else { return row }
    let copy = builder.open(batch)
    builder.addMembers(of: row, batch) { missing.contains($0) }
    builder.close(copy, batch)
    return copy
  }

  private static func isUnavailable(_ node: Node, _ batch: Batch) -> Bool {
    node.kind == .string && Int(node.length) == unavailable.utf8.count
      && batch.raw(node).elementsEqual(unavailable.utf8)
  }

  /// Where the change comes from, and what tells it from all others: the place in the database's own log.
  private static func origin(_ payload: Int, _ parts: inout EventParts, _ builder: EventBuilder, _ batch: Batch) {
    guard let source = object("source", payload, builder, batch) else { return }
    let text = { (name: String) in builder.text(builder.member(name, of: source, batch), batch) }
    parts.source = EventText(builder.member("name", of: source, batch).flatMap { builder.isNull($0, batch) ? nil : $0 })
    parts.table = EventText([text("schema") ?? text("db"), text("table")].compactMap(\.self).joined(separator: "."))
    if let time = text("ts_ms").flatMap({ Int64($0) }) {
      parts.time = .text(Timestamp(milliseconds: time).description)
    }
    // Several events of one transaction may share a place; their order in it tells them apart.
    let order = object("transaction", payload, builder, batch).flatMap {
      builder.text(builder.member("total_order", of: $0, batch), batch)
    }
    let place = [text("lsn"), text("file"), text("pos"), text("row"), text("sequence"), order].compactMap(\.self)
    if !place.isEmpty, let name = text("name") {
      parts.id = .text("\(name):\(text("txId") ?? ""):\(place.joined(separator: ":"))")
    }
  }

  /// A row alone, with what the transformation adds under names with two underscores.
  private func flattened(_ payload: Int, _ parts: inout EventParts, _ builder: EventBuilder, _ batch: Batch) {
    let text = { (name: String) in builder.text(builder.member(name, of: payload, batch), batch) }
    let isDeleted = builder.member("__deleted", of: payload, batch).map {
      batch.nodes[$0].kind == .true || builder.text($0, batch) == "true"
    }
    parts.operation = text("__op").flatMap(Self.operation) ?? .update
    if isDeleted == true { parts.operation = .delete }
    parts.table = EventText(builder.member("__table", of: payload, batch))
    let row = builder.open(batch)
    builder.addMembers(of: payload, batch) { node in
      Self.isUnavailable(batch.nodes[node], batch) || batch.keys(of: node, builder).hasPrefix("__")
    }
    builder.close(row, batch)
    parts.record = row
  }
}

extension Batch {
  /// The name of a member, before the batch knows its names; empty for one that has no id.
  fileprivate func keys(of node: Int, _ builder: EventBuilder) -> String {
    nodes[node].key == KeyTable.overflow ? "" : builder.keys.snapshot[nodes[node].key]
  }
}
