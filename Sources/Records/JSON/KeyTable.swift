import CScan
import Glibc
import Synchronization

/// The names behind key ids, as they were when a batch was decoded. Passing it on costs one reference.
public struct KeyNames: Sendable {
  /// Which table the ids belong to; within one table an id never changes its meaning, and names are only added.
  public let table: Int
  /// Index = id; the first is the empty name of "no key".
  public let names: [String]

  private static let tables = Atomic<Int>(0)

  public init(names: [String] = [""], table: Int? = nil) {
    self.names = names
    self.table = table ?? Self.newTable()
  }

  /// A table number that was never given before in this process.
  public static func newTable() -> Int { tables.add(1, ordering: .relaxed).newValue }

  public subscript(id: UInt16) -> String { names[Int(id)] }
}

/// Gives each key of the records that one lane decodes a small id, so that later stages compare numbers, not text.
///
/// Records of one origin repeat their keys in one order, so the table learns which key followed which: at a key, the
/// sixteen bytes there are compared with the one that came next the last time, and in most data that is all.
/// Ids are limited to ``keysMax``: keys beyond that (objects used as maps, keyed by user ids) get ``overflow`` and
/// carry their text in a node of their own.
public final class KeyTable {
  /// The most keys that get an id, in keys.
  public static let keysMax = 4_096
  /// Stands for a key without an id; its text is in the ``Node/Kind/keyText`` node before the value.
  public static let overflow = UInt16.max

  /// A known key: what its first sixteen bytes look like in JSON, closing quote included.
  struct Entry: BitwiseCopyable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var maskLow: UInt64 = 0
    var maskHigh: UInt64 = 0
    /// The length of the key's text, in bytes.
    var length: UInt32 = 0
    /// Where its text stands in `texts`; longer keys are compared there.
    var offset: UInt32 = 0
    /// The id of the key that followed this one the last time.
    var follower: UInt16 = 0
  }

  private(set) var entries = RawArray<Entry>(capacity: 64)
  private var texts = ByteBuffer(capacity: 1_024)
  /// Open addressing over the ids; 0 is a free place. Twice as many places as ids, at least.
  private var places = [UInt16](repeating: 0, count: 8_192)
  /// Ids of short keys by a hash of their bytes, one a place: what is asked where the prediction was wrong, as with members
  /// in another order in each record.
  private var guesses = RawArray<UInt16>(capacity: KeyTable.guessesMax)
  private static let guessesMax = 1_024
  private var names: [String] = [""]
  private let number = KeyNames.newTable()
  private var snapshotCache: KeyNames?

  public init() {
    entries.append(Entry())
    for _ in 0..<Self.guessesMax { guesses.append(0) }
  }

  /// The names of all ids up to now.
  public var snapshot: KeyNames {
    if let snapshotCache, snapshotCache.names.count == names.count { return snapshotCache }
    let fresh = KeyNames(names: names, table: number)
    snapshotCache = fresh
    return fresh
  }

  /// Whether the text at `key`, which stands behind an opening quote, is the key of that id and then its closing quote.
  @inline(__always)
  func matches(_ id: UInt16, at key: UnsafePointer<UInt8>) -> Bool {
    let entry = entries.base + Int(id)
    let raw = UnsafeRawPointer(key)
    let low = raw.loadUnaligned(as: UInt64.self)
    let high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    guard (low ^ entry.pointee.low) & entry.pointee.maskLow == 0,
      (high ^ entry.pointee.high) & entry.pointee.maskHigh == 0
    else { return false }
    let length = Int(entry.pointee.length)
    return length < 16 || restMatches(entry.pointee, at: key)
  }

  /// Guesses the id of the key whose text stands at `key`, up to a quote that is `length` bytes behind it.
  ///
  /// - Returns: 0 where the guess is wrong.
  @inline(__always)
  func guess(at key: UnsafePointer<UInt8>, length: Int) -> UInt16 {
    let id = guesses.base[Self.guessPlace(key, length)]
    return id != 0 && matches(id, at: key) ? id : 0
  }

  /// Lets the key that was read there be guessed the next time.
  func remember(_ id: UInt16, at key: UnsafePointer<UInt8>, length: Int) {
    guesses.base[Self.guessPlace(key, length)] = id
  }

  /// - Parameter length: fifteen at most.
  private static func guessPlace(_ key: UnsafePointer<UInt8>, _ length: Int) -> Int {
    let (low, _) = pattern(key, count: length)
    let (high, _) = pattern(key + 8, count: length - 8)
    let hash = (low &+ UInt64(length)) &* 0x9e37_79b9_7f4a_7c15 ^ high &* 0xc2b2_ae3d_27d4_eb4f
    return Int(truncatingIfNeeded: (hash ^ hash >> 32) >> 20) & (guessesMax - 1)
  }

  private func restMatches(_ entry: Entry, at key: UnsafePointer<UInt8>) -> Bool {
    let length = Int(entry.length)
    // Byte by byte and no further than the first difference: the text at `key` may end earlier than the entry's.
    let text = texts.base + Int(entry.offset)
    for index in 16..<max(length, 16) where key[index] != text[index] { return false }
    return key[length] == UInt8(ascii: "\"")
  }

  /// The id of a key whose text is known, unescaped; ``overflow`` when the table is full.
  public func id(of text: UnsafeRawBufferPointer) -> UInt16 {
    var place = RawText.hash(text) & (places.count - 1)
    while places[place] != 0 {
      let entry = entries[Int(places[place])]
      if entry.length == text.count, textMatches(entry, text) { return places[place] }
      place = (place + 1) & (places.count - 1)
    }
    return add(text, at: place)
  }

  @inline(__always)
  func setFollower(of id: UInt16, to follower: UInt16) {
    entries.base[Int(id)].follower = follower
  }

  private func textMatches(_ entry: Entry, _ text: UnsafeRawBufferPointer) -> Bool {
    guard let start = text.baseAddress else { return true }
    return memcmp(texts.base + Int(entry.offset), start, text.count) == 0
  }

  private func add(_ text: UnsafeRawBufferPointer, at place: Int) -> UInt16 {
    guard entries.count < Self.keysMax else { return Self.overflow }
    let id = UInt16(entries.count)
    var entry = Entry()
    entry.length = UInt32(text.count)
    entry.offset = UInt32(texts.count)
    texts.append(text)
    // The quote is part of the pattern, so that `id` does not match `id_type`.
    texts.append(UInt8(ascii: "\""))
    (entry.low, entry.maskLow) = Self.pattern(texts.base + Int(entry.offset), count: text.count + 1)
    (entry.high, entry.maskHigh) = Self.pattern(texts.base + Int(entry.offset) + 8, count: text.count + 1 - 8)
    // A key that needs escapes in JSON never matches as raw text: it goes through `id(of:)`.
    if text.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }) {
      (entry.low, entry.maskLow) = (0x2222_2222_2222_2222, .max)
    }
    entries.append(entry)
    names.append(String(decoding: text, as: UTF8.self))
    places[place] = id
    return id
  }

  /// The first `count` of eight bytes at `text`, and a mask for them.
  private static func pattern(_ text: UnsafePointer<UInt8>, count: Int) -> (bytes: UInt64, mask: UInt64) {
    guard count > 0 else { return (0, 0) }
    let mask: UInt64 = count >= 8 ? .max : (1 << UInt64(count * 8)) - 1
    return (UnsafeRawPointer(text).loadUnaligned(as: UInt64.self).littleEndian & mask, mask)
  }
}
