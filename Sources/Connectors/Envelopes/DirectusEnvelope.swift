import Records

/// Directus: `{{$trigger}}` of a Flow's event hook, and what the older webhooks post.
///
/// One event may name many keys; each becomes an event of its own. The payload of an update is what changed, that of a
/// delete is nothing, so the record always holds the key as well, under `id` or what `event.key` calls it.
struct DirectusEnvelope: Envelope {
  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    let root = try builder.value(of: message, batch)
    guard let event = builder.text(builder.member("event", of: root, batch), batch) else {
      throw .shape("Directus", "it has no `event`")
    }
    guard let operation = Self.operation(event) else {
      return notice(message, event, builder, batch)
    }
    let keys = try keys(root, builder, batch)
    for (index, key) in keys.enumerated() {
      var parts = EventParts(operation)
      parts.type = .text(event)
      parts.table = EventText(collection(event, root, builder, batch))
      parts.raw = keys.count == 1 ? nil : builder.range(of: key, batch)
      // Directus sends no id: the same message has the same place in the log, and each key its own in the message.
      parts.id = .text(keys.count == 1 ? message.fallbackID : "\(message.fallbackID):\(index)")
      parts.record = record(key, operation, root, builder, batch)
      parts.key = builder.keyObject(keyName, key, batch)
      builder.add(parts, of: message, batch)
    }
  }

  private var keyName: String { pointers.key?.name ?? "id" }

  /// The last word of the event's name: `articles.items.create`, `items.update`, `users.delete`, `files.upload`.
  private static func operation(_ event: String) -> Operation? {
    switch event.split(separator: ".").last {
    case "create", "upload": .create
    case "update": .update
    case "delete": .delete
    default: nil
    }
  }

  /// What is no change of a row: `items.sort`, `items.promote`, a login.
  private func notice(_ message: Message, _ event: String, _ builder: EventBuilder, _ batch: Batch) {
    var parts = EventParts(.read)
    parts.type = .text(event)
    parts.isNotice = true
    builder.add(parts, of: message, batch)
  }

  /// `key` of a create; `keys` of an update or delete, or the payload of a delete.
  private func keys(_ root: Int, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) -> [Int] {
    if let key = builder.member("key", of: root, batch), builder.text(key, batch) != nil { return [key] }
    for name in ["keys", "payload"] {
      guard let list = builder.member(name, of: root, batch), batch.nodes[list].kind == .array else { continue }
      let keys = builder.elements(of: list, batch)
      guard !keys.isEmpty, keys.allSatisfy({ builder.text($0, batch) != nil }) else { break }
      return keys
    }
    throw .shape("Directus", "it names no key")
  }

  /// Said by `collection`, or the begin of the event's name where it is a system collection.
  private func collection(_ event: String, _ root: Int, _ builder: EventBuilder, _ batch: Batch) -> String? {
    if let said = builder.text(builder.member("collection", of: root, batch), batch) { return said }
    let words = event.split(separator: ".")
    return words.count == 2 && words[0] != "items" ? "directus_\(words[0])" : nil
  }

  private func record(
    _ key: Int, _ operation: Operation, _ root: Int, _ builder: EventBuilder, _ batch: Batch
  ) -> Int {
    let payload = builder.member("payload", of: root, batch).flatMap { batch.nodes[$0].kind == .object ? $0 : nil }
    let record = builder.open(batch)
    let own = payload.flatMap { builder.member(keyName, of: $0, batch) }
    if own == nil { builder.add(keyName, copyOf: key, batch) }
    if let payload, operation != .delete { builder.addMembers(of: payload, batch) }
    builder.close(record, batch)
    return record
  }
}
