import ConnectorKit
import Records

/// What replays of dead letters let through since the last run: a file of entries that is only added to, until a run has
/// taken them into its memory and a checkpoint counts on that.
///
/// They have no place in the stream, because a replay does not move the checkpoint; so nothing that a run is cut back to
/// takes them away.
struct ReplayedKeys {
  /// The most that a run is given, the newest: in keys.
  static let keysMax: UInt64 = 1 << 20

  let path: String

  /// What is not whole is left out: its letter was not done with.
  func read() throws(FileError) -> [RememberedKey] {
    guard try Files.info(path) != nil else { return [] }
    let file = try DurableFile(path, for: .reading)
    let length = UInt64(KeyEntry.length)
    let count = try file.info().size / length
    let first = count - min(count, Self.keysMax)
    let bytes = try file.read(at: first * length, count: Int(count - first) * KeyEntry.length)
    return bytes.withUnsafeBytes { room in
      (0..<room.count / KeyEntry.length).compactMap { place in
        let entry = UnsafeRawBufferPointer(rebasing: room[place * KeyEntry.length..<(place + 1) * KeyEntry.length])
        return KeyEntry.read(entry, number: first + UInt64(place))
      }
    }
  }

  /// Returns when all of them are durable.
  func append(_ keys: [RememberedKey]) throws(FileError) {
    guard !keys.isEmpty else { return }
    try Files.makeFolder(Files.folder(of: path))
    let file = try DurableFile(path, for: .writing)
    let count = try file.info().size / UInt64(KeyEntry.length)
    var bytes = ByteBuffer(capacity: keys.count * KeyEntry.length)
    for (index, key) in keys.enumerated() { KeyEntry.append(key, number: count + UInt64(index), to: &bytes) }
    try file.write(bytes.bytes, at: count * UInt64(KeyEntry.length))
    try file.sync()
    try Files.syncFolder(of: path)
  }

  func remove() throws(FileError) {
    if try Files.info(path) != nil { try Files.remove(path) }
  }
}

/// What a pipeline remembers at its checkpoint, for a replay of dead letters: it is asked, and what the replay lets
/// through is added beside it.
package struct ReplayKeyStore: KeyStore {
  private let store: FileKeyStore
  private let mark: KeyMark?

  /// - Parameter mark: that of the pipeline's checkpoint; nil: nothing is remembered, and nothing is added.
  package init(_ store: FileKeyStore, at mark: KeyMark?) {
    self.store = store
    self.mark = mark
  }

  package func open(at _: KeyMark?) async throws(FlowError) -> StoredKeys {
    guard let mark else { return StoredKeys() }
    return try store.look(at: mark).withReplayed
  }

  package func append(_ keys: NumberedKeys) async throws(FlowError) {
    if mark != nil { try store.addReplayed(keys.keys.filter { !$0.isForgotten }) }
  }

  package func flush() async throws(FlowError) {}
  package func release(before number: UInt64) async throws(FlowError) {}
  package func close() async {}
}

extension StoredKeys {
  /// With the replayed keys behind the others, as if they had numbers: for who asks and does not store them.
  var withReplayed: StoredKeys {
    var all = self
    for key in replayed where Int(key.step) >= all.mark.heads.count {
      all.mark.heads += [UInt64](repeating: mark.end, count: Int(key.step) + 1 - all.mark.heads.count)
    }
    all.mark.end += UInt64(replayed.count)
    all.keys += replayed
    all.replayed = []
    return all
  }
}
