import Records

/// What the key ids of batches mean to a contract: which of its names each is, and which patterns match it.
///
/// Learned once for each key table and extended as the table grows, so that a member costs a look into an array.
struct KnownNames: ~Copyable {
  private let names: ByteTable
  private let patterns: [LinearPattern]
  private var nameOfKey = RawArray<Int32>()
  /// For each pattern of names and key id: whether it matches. A row of `stride` ids a pattern.
  private var matches = RawArray<Bool>()
  private var stride = 0
  /// The names behind the key ids, one behind the other, and where each begins.
  private var texts = ByteBuffer()
  private var starts = RawArray<Int>()
  private var table = -1
  private(set) var known = 0

  /// - Parameter patterns: the patterns of member names, in the order of the contract's.
  init(_ names: InternedBytes, patterns: [LinearPattern]) {
    self.names = ByteTable(names.all)
    self.patterns = patterns
  }

  /// Learns the names that came with a batch; call before the first look at it.
  @inline(__always)
  mutating func learn(_ keys: borrowing KeyNames) {
    if keys.table == table, known == keys.names.count { return }
    learnMore(keys)
  }

  private mutating func learnMore(_ keys: borrowing KeyNames) {
    let isSame = keys.table == table && known < keys.names.count
    table = keys.table
    if !isSame { forget() }
    if keys.names.count > stride { grow(to: max(keys.names.count, stride * 2, 64)) }
    for id in known..<keys.names.count {
      var name = keys.names[id]
      name.withUTF8 { learn(UnsafeRawBufferPointer($0), id) }
    }
    known = keys.names.count
  }

  private mutating func learn(_ name: UnsafeRawBufferPointer, _ id: Int) {
    nameOfKey.append(names.find(name))
    texts.append(name)
    starts.append(texts.count)
    for pattern in patterns.indices { matches.base[pattern * stride + id] = patterns[pattern].matches(name) }
  }

  private mutating func forget() {
    known = 0
    nameOfKey.removeAll()
    texts.removeAll()
    starts.removeAll()
    starts.append(0)
  }

  private mutating func grow(to newStride: Int) {
    forget()
    stride = newStride
    matches.removeAll()
    matches.reserve(stride * patterns.count)
    matches.setCount(stride * patterns.count)
  }

  /// The contract's number of the name with a key id; -1 where it has none.
  @inline(__always)
  func name(ofKey key: UInt16) -> Int32 {
    precondition(Int(key) < known, "a key id that its batch does not name")
    return nameOfKey.base[Int(key)]
  }

  /// The contract's number of a name in text; -1 where it has none.
  func name(ofText text: UnsafeRawBufferPointer) -> Int32 { names.find(text) }

  /// The name with a key id, valid until more is learned.
  func text(ofKey key: UInt16) -> UnsafeRawBufferPointer {
    precondition(Int(key) < known, "a key id that its batch does not name")
    let start = starts[Int(key)]
    return UnsafeRawBufferPointer(start: texts.base + start, count: starts[Int(key) + 1] - start)
  }

  @inline(__always)
  func matches(_ pattern: Int, key: UInt16) -> Bool {
    precondition(Int(key) < known, "a key id that its batch does not name")
    return matches.base[pattern * stride + Int(key)]
  }

  func matches(_ pattern: Int, text: UnsafeRawBufferPointer) -> Bool { patterns[pattern].matches(text) }
}
