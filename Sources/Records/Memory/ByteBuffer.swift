import CScan
import Glibc

/// Growable bytes that keep `padding` readable and writable bytes behind their end, so that scans and copies may
/// work in whole words.
///
/// Owns its memory and cannot be copied; pointers from `base` are valid until the next call that may grow it.
package struct ByteBuffer: ~Copyable {
  /// Readable bytes behind the last one, in bytes.
  package static let padding = Int(SCAN_PADDING)

  package private(set) var base: UnsafeMutablePointer<UInt8>
  package private(set) var count = 0
  package private(set) var capacity: Int

  package init(capacity: Int = 0) {
    self.capacity = capacity
    base = RawMemory.allocate(capacity + Self.padding)
    base.initialize(repeating: 0, count: Self.padding)
  }

  deinit { free(base) }

  package var isEmpty: Bool { count == 0 }
  package var end: UnsafeMutablePointer<UInt8> { base + count }
  /// Behind the room that is there without moving `base`, not counting the padding.
  package var limit: UnsafeMutablePointer<UInt8> { base + capacity }
  package var contents: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: base, count: count) }
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Makes room for `more` bytes behind the last one; `base` may move.
  package mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: count + more) }
  }

  private mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2, 256)
    base = RawMemory.resize(base, to: larger + Self.padding)
    capacity = larger
  }

  /// Says that `more` bytes were written behind the end, into room that was reserved.
  package mutating func advance(by more: Int) {
    precondition(more >= 0 && count + more <= capacity, "advanced past the reserved room")
    count += more
  }

  /// Sets the end, forwards only into bytes that were written before.
  package mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "truncated past the end")
    count = newCount
  }

  package mutating func removeAll() { count = 0 }

  /// Gives the memory back beyond `capacity` bytes; what it holds is lost.
  package mutating func shrink(to limit: Int) {
    guard capacity > limit else { return removeAll() }
    self = ByteBuffer(capacity: limit)
  }

  package mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  package mutating func append(_ more: UnsafeRawBufferPointer) {
    guard let start = more.baseAddress, more.count > 0 else { return }
    reserve(more.count)
    UnsafeMutableRawPointer(end).copyMemory(from: start, byteCount: more.count)
    count += more.count
  }

  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  package mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Moves the bytes from `start` on to the front.
  package mutating func removeFirst(_ start: Int) {
    precondition(start >= 0 && start <= count, "removed past the end")
    UnsafeMutableRawPointer(base).copyMemory(from: base + start, byteCount: count - start)
    count -= start
  }

  /// Moves bytes to an earlier place.
  package mutating func move(_ range: Range<Int>, to start: Int) {
    precondition(start >= 0 && start <= range.lowerBound && range.upperBound <= count, "moved past the end")
    UnsafeMutableRawPointer(base + start).copyMemory(from: base + range.lowerBound, byteCount: range.count)
  }

  /// The bytes as text; bytes that are not UTF-8 become U+FFFD.
  package var text: String { String(decoding: bytes, as: UTF8.self) }
}
