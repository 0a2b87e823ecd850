import ConnectorKit
import Records

/// What items become.
extension DirectusSource {
  static func name(_ key: Value) -> String { key.string ?? key.json }

  func key(of item: Int) throws(ConnectorError) -> Value {
    guard let node = page.member(reading.key, of: item), page.text(node) != nil else {
      throw ConnectorError(
        "directus.no_key", "An item of \(reading.collection) has no `\(reading.key)`.", remedy: .stop,
        hint: "Set key to the collection's primary key, and let fields hold it.")
    }
    let key = page.batch.value(at: node)
    hasNumbers = key.int != nil
    return key
  }

  /// The key as items have it; messages write a number as a text now and then.
  private func asInItems(_ key: Value) -> Value {
    guard hasNumbers == true, let number = key.string.flatMap({ Int64($0) }) else { return key }
    return .int(number)
  }

  /// Asks for any item where none was seen yet: a delete that comes first must have the key that the item came with.
  func learnKeys(_ api: DirectusAPI) throws(ConnectorError) {
    guard hasNumbers == nil else { return }
    let any = DirectusQuery(collection: reading.collection, fields: [reading.key], filters: [], sort: [], limit: 1)
    for item in try items(any, api) { _ = try key(of: item) }
  }

  /// Whether the item is another than the one that was given before.
  func isNew(_ item: Int, _ key: Value) -> Bool { versions[Self.name(key)] != version(of: item) }

  /// What tells one state of an item from the next: when it was changed, and all that it holds.
  private func version(of item: Int) -> String {
    let raw = page.batch.raw(page.batch.nodes[item])
    return "\(time(of: item) ?? "")#\(Digest.sha256Hex(raw).prefix(16))"
  }

  private func time(of item: Int) -> String? {
    reading.changed.lazy.compactMap { self.page.text(self.page.member($0, of: item)) }.first
  }

  /// The id is that of the item's state, so that a state that is read twice is the same event; an item that does not
  /// say when it was changed could come back to an old state, so it has the message's id in it as well.
  func add(_ item: Int, _ key: Value, _ operation: Operation, at place: String, to batch: Batch) {
    let version = version(of: item)
    let time = time(of: item)
    remember(version, of: Self.name(key))
    let id = "\(reading.collection)/\(Self.name(key))@\(version)" + (time == nil ? "@\(place)" : "")
    let raw = page.batch.raw(page.batch.nodes[item])
    EventFrames.append(parts(operation, id, key, time, "items.\(operation.name)"), record: raw, to: batch)
  }

  /// An item that is not there, or not in what the filter lets through.
  func addDelete(_ change: DirectusChanges.Change, to batch: Batch) {
    let name = Self.name(change.key)
    if versions[name] == Self.gone { return }
    remember(Self.gone, of: name)
    let key = asInItems(change.key)
    var record = ByteBuffer()
    record.append(keyObject(key))
    let id = "\(reading.collection)/\(name)@gone@\(change.id)"
    EventFrames.append(parts(.delete, id, key, nil, "items.delete"), record: record.bytes, to: batch)
  }

  /// The version of what is not there.
  private static let gone = "gone"

  private func parts(
    _ operation: Operation, _ id: String, _ key: Value, _ time: String?, _ type: String
  ) -> EventFrames.Parts {
    EventFrames.Parts(
      operation: operation, id: id, key: keyObject(key), time: time, type: type, source: server.base,
      table: reading.collection, readAt: context.wallTime())
  }

  private func keyObject(_ key: Value) -> String { Value.object([.init(reading.key, key)]).json }

  func begin(_ batch: Batch) { batch.origin = Origin(name: reading.collection) }

  func finish(_ batch: Batch) { batch.position = progress.position }
}
