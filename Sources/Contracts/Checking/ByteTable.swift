import Glibc
import Records

/// Finds byte strings of a fixed set, without an allocation.
///
/// The set is a schema's own, so nobody can fill it with strings whose hashes collide, and speed is all that counts.
struct ByteTable: ~Copyable {
  private var bytes = ByteBuffer()
  private var starts = RawArray<Int32>()
  /// Open addressing; -1 is a free place. Twice as many places as strings, at least.
  private var places = RawArray<Int32>()
  private let mask: Int

  init(_ strings: [[UInt8]]) {
    var size = 4
    while size < strings.count * 2 + 1 { size *= 2 }
    mask = size - 1
    for _ in 0..<size { places.append(-1) }
    starts.append(0)
    for string in strings {
      string.withUnsafeBytes { bytes.append($0) }
      starts.append(Int32(bytes.count))
      var place = string.withUnsafeBytes { RawText.hash($0) } & mask
      while places[place] >= 0 { place = (place + 1) & mask }
      places[place] = Int32(starts.count - 2)
    }
  }

  /// The number of a string in the set; -1 where it is not in it.
  func find(_ string: UnsafeRawBufferPointer) -> Int32 {
    var place = RawText.hash(string) & mask
    while true {
      let candidate = places.base[place]
      if candidate < 0 { return -1 }
      let start = Int(starts.base[Int(candidate)])
      let count = Int(starts.base[Int(candidate) + 1]) - start
      if count == string.count, RawText.equal(string, UnsafeRawBufferPointer(start: bytes.base + start, count: count)) {
        return candidate
      }
      place = (place + 1) & mask
    }
  }
}
