import Records

/// A set of byte strings that is filled anew for each object or array; its memory is kept.
///
/// The strings come from the data, so their hashes are seeded: nobody can choose strings that collide.
struct ScratchSet: ~Copyable {
  struct Entry: BitwiseCopyable {
    var start: Int
    var count: Int
    var hash: Int
    /// What the string stands for.
    var node: Int
  }

  /// Strings are written here, behind those that are in the set, and then taken in by ``insert(from:node:)``.
  var bytes = ByteBuffer()
  private var entries = RawArray<Entry>()
  private var places = RawArray<Int32>()
  private var mask = 0

  /// - Parameter count: the most strings that will be put in.
  mutating func reset(count: Int) {
    bytes.removeAll()
    entries.removeAll()
    var size = 8
    while size < count * 2 { size *= 2 }
    mask = size - 1
    places.removeAll()
    places.reserve(size)
    places.setCount(size)
    for place in 0..<size { places.base[place] = -1 }
  }

  /// Takes the bytes from `start` on as a string.
  ///
  /// - Returns: the node of the same string, if it is in the set already; its place is taken by the new one.
  mutating func insert(from start: Int, node: Int) -> Int? {
    let string = UnsafeRawBufferPointer(start: bytes.base + start, count: bytes.count - start)
    var hasher = Hasher()
    hasher.combine(bytes: string)
    let hash = hasher.finalize()
    var place = hash & mask
    while places.base[place] >= 0 {
      let index = Int(places.base[place])
      let known = entries.base[index]
      let same = UnsafeRawBufferPointer(start: bytes.base + known.start, count: known.count)
      if known.hash == hash, RawText.equal(same, string) {
        entries.base[index].node = node
        bytes.truncate(to: start)
        return known.node
      }
      place = (place + 1) & mask
    }
    places.base[place] = Int32(entries.count)
    entries.append(Entry(start: start, count: string.count, hash: hash, node: node))
    return nil
  }
}
