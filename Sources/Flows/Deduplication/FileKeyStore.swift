import ConnectorKit
import Glibc
import Records
import Synchronization

/// Remembered keys as files of a folder: entries of one length, in segments of one length, so that a key's number is its
/// place. A segment is only added to, cut back when a run starts from an earlier place, and removed when it is not needed.
package final class FileKeyStore: KeyStore {
  private struct State {
    /// The numbers of the segments that there are.
    var segments: Set<UInt64> = []
    /// The one that is written, and those before it that are not durable yet.
    var open: [UInt64: DurableFile] = [:]
    var isDurable = true
  }

  private let folder: String
  /// In keys.
  private let segmentKeys: UInt64
  private let state = Mutex(State())

  /// - Parameter segmentKeys: how many keys a segment holds.
  package init(folder: String, segmentKeys: UInt64 = 32_768) {
    self.folder = folder
    self.segmentKeys = segmentKeys
  }

  // MARK: - Opening

  package func open(at mark: KeyMark?) async throws(FlowError) -> StoredKeys {
    do throws(FileError) {
      // Who begins anew, or from another place, takes nothing for a duplicate of itself.
      if mark == nil { try replayed.remove() }
      return try reopen(at: mark ?? KeyMark(end: 0, heads: []))
    } catch {
      throw .cannotKeepKeys(folder, error)
    }
  }

  private func reopen(at mark: KeyMark) throws(FileError) -> StoredKeys {
    try Files.makeFolder(folder)
    var opened = State()
    for name in try Files.names(in: folder) {
      guard let segment = Self.number(ofSegment: name) else { continue }
      let path = path(of: segment)
      if segment * segmentKeys >= mark.end || (segment + 1) * segmentKeys <= mark.oldest {
        try Files.remove(path)
        continue
      }
      let whole = min(mark.end - segment * segmentKeys, segmentKeys) * UInt64(KeyEntry.length)
      let file = try DurableFile(path, for: .writing)
      if try file.info().size > whole { try file.truncate(to: whole) }
      opened.segments.insert(segment)
    }
    var stored = StoredKeys(mark: mark, first: mark.oldest)
    for segment in opened.segments.sorted() { try read(segment, into: &stored) }
    fill(&stored, to: mark.end)
    stored.replayed = try replayed.read()
    state.withLock { $0 = opened }
    return stored
  }

  /// What it holds up to a mark; what lies behind it stays, because another place may count on it.
  package func look(at mark: KeyMark) throws(FlowError) -> StoredKeys {
    do throws(FileError) {
      try Files.makeFolder(folder)
      var stored = StoredKeys(mark: mark, first: mark.oldest)
      for segment in try Files.names(in: folder).compactMap(Self.number).sorted() {
        guard segment * segmentKeys < mark.end, (segment + 1) * segmentKeys > mark.oldest else { continue }
        try read(segment, into: &stored)
      }
      fill(&stored, to: mark.end)
      stored.replayed = try replayed.read()
      return stored
    } catch {
      throw .cannotKeepKeys(folder, error)
    }
  }

  /// Reads the keys of a segment from the first wanted on, up to the mark. What is not whole is missing, and keeps its place.
  private func read(_ segment: UInt64, into stored: inout StoredKeys) throws(FileError) {
    let start = segment * segmentKeys
    if start > stored.first { fill(&stored, to: start) }
    let next = stored.first + UInt64(stored.keys.count)
    let file = try DurableFile(path(of: segment), for: .reading)
    let bytes = try file.read(
      at: (next - start) * UInt64(KeyEntry.length),
      count: Int(min(stored.mark.end - start, segmentKeys) - (next - start)) * KeyEntry.length)
    bytes.withUnsafeBytes { room in
      for place in 0..<room.count / KeyEntry.length {
        let entry = UnsafeRawBufferPointer(rebasing: room[place * KeyEntry.length..<(place + 1) * KeyEntry.length])
        let key = KeyEntry.read(entry, number: next + UInt64(place))
        if key == nil { stored.missing += 1 }
        stored.keys.append(key ?? .forgotten(step: 0))
      }
    }
  }

  private func fill(_ stored: inout StoredKeys, to end: UInt64) {
    while stored.first + UInt64(stored.keys.count) < end {
      stored.keys.append(.forgotten(step: 0))
      stored.missing += 1
    }
  }

  // MARK: - Writing

  package func append(_ keys: NumberedKeys) async throws(FlowError) {
    do throws(FileError) {
      var rest = keys.keys[...]
      var number = keys.first
      while !rest.isEmpty {
        let segment = number / segmentKeys
        let part = rest.prefix(Int((segment + 1) * segmentKeys - number))
        try write(part, from: number, in: segment)
        number += UInt64(part.count)
        rest = rest.dropFirst(part.count)
      }
    } catch {
      throw .cannotKeepKeys(folder, error)
    }
  }

  private func write(_ keys: ArraySlice<RememberedKey>, from number: UInt64, in segment: UInt64) throws(FileError) {
    var bytes = ByteBuffer(capacity: keys.count * KeyEntry.length)
    for (index, key) in keys.enumerated() { KeyEntry.append(key, number: number + UInt64(index), to: &bytes) }
    let file: DurableFile
    if let open = state.withLock({ $0.open[segment] }) {
      file = open
    } else {
      file = try DurableFile(path(of: segment), for: .writing)
    }
    try file.write(bytes.bytes, at: (number - segment * segmentKeys) * UInt64(KeyEntry.length))
    state.withLock {
      $0.open[segment] = file
      $0.segments.insert(segment)
      $0.isDurable = false
    }
  }

  /// Adds keys that have no number, for the next run; durable when it returns.
  func addReplayed(_ keys: [RememberedKey]) throws(FlowError) {
    do throws(FileError) { try replayed.append(keys) } catch { throw .cannotKeepKeys(folder, error) }
  }

  package func flush() async throws(FlowError) {
    do throws(FileError) {
      let (files, isDurable) = state.withLock { ($0.open, $0.isDurable) }
      if isDurable { return }
      for file in files.values { try file.sync() }
      if let any = files.values.first { try Files.syncFolder(of: any.path) }
      try Files.syncFolder(of: folder)
      let last = files.keys.max()
      state.withLock {
        $0.open = $0.open.filter { $0.key == last }
        $0.isDurable = true
      }
    } catch {
      throw .cannotKeepKeys(folder, error)
    }
  }

  package func release(before number: UInt64) async throws(FlowError) {
    let old = state.withLock { state in
      let old = state.segments.filter { ($0 + 1) * segmentKeys <= number }
      state.segments.subtract(old)
      for segment in old { state.open[segment] = nil }
      return old
    }
    do throws(FileError) {
      for segment in old { try Files.remove(path(of: segment)) }
      try replayed.remove()
    } catch {
      throw .cannotKeepKeys(folder, error)
    }
  }

  package func close() async { state.withLock { $0 = State() } }

  // MARK: - Names

  private var replayed: ReplayedKeys { ReplayedKeys(path: Files.join(folder, "replayed" + Self.ending)) }

  private func path(of segment: UInt64) -> String {
    let digits = String(segment)
    return Files.join(folder, String(repeating: "0", count: max(0, 12 - digits.count)) + digits + Self.ending)
  }

  private static func number(ofSegment name: String) -> UInt64? {
    name.hasSuffix(ending) ? UInt64(name.dropLast(ending.count)) : nil
  }

  private static let ending = ".keys"
}

/// The form of a key in a file: hash, stamp, step, and a checksum over them and the key's number.
enum KeyEntry {
  /// In bytes.
  static let length = 32

  static func append(_ key: RememberedKey, number: UInt64, to out: inout ByteBuffer) {
    let start = out.count
    append(key.digest.high, to: &out)
    append(key.digest.low, to: &out)
    append(UInt64(bitPattern: key.stamp), to: &out)
    append(key.step, to: &out)
    append(UInt16(0), to: &out)
    append(checksum(out.bytes[start..<start + 28], number), to: &out)
  }

  /// nil where it is not what was written under that number.
  static func read(_ bytes: UnsafeRawBufferPointer, number: UInt64) -> RememberedKey? {
    guard word(bytes, 28, UInt32.self) == checksum(bytes[0..<28], number) else { return nil }
    let digest = KeyDigest(high: word(bytes, 0, UInt64.self), low: word(bytes, 8, UInt64.self))
    return RememberedKey(
      digest: digest, stamp: Int64(bitPattern: word(bytes, 16, UInt64.self)), step: word(bytes, 24, UInt16.self))
  }

  private static func checksum(_ bytes: Slice<UnsafeRawBufferPointer>, _ number: UInt64) -> UInt32 {
    let mixed = Checksum.fnv1a64(bytes) ^ (number &* 0x9e37_79b9_7f4a_7c15) ^ 0x6d69_6c6c_7261_6365
    return UInt32(truncatingIfNeeded: mixed ^ mixed >> 32)
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to out: inout ByteBuffer) {
    withUnsafeBytes(of: word.littleEndian) { out.append($0) }
  }

  private static func word<Word: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ place: Int, _: Word.Type
  ) -> Word {
    Word(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Word.self))
  }
}

extension FlowError {
  static func cannotKeepKeys(_ folder: String, _ error: FileError) -> FlowError {
    FlowError(
      "dedupe.cannot_keep", "The keys that `dedupe` remembers cannot be kept in \(folder): \(error.reason).",
      hint: "Make room or mend the permissions, then run again: nothing was lost, the checkpoint stands.",
      exit: .surroundings)
  }
}
