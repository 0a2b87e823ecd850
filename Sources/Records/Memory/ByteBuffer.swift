import CScan
import Glibc

/// Growable bytes that keep `padding` readable and writable bytes behind their end, so that scans and copies may
/// work in whole words.
///
/// Owns its memory and cannot be copied; pointers from `base` are valid until the next call that may grow it. What
/// is done for every record or field is inlinable: other modules would call it.
public struct ByteBuffer: ~Copyable {
  /// Readable bytes behind the last one, in bytes.
  public static let padding = Int(SCAN_PADDING)

  @usableFromInline var start: UnsafeMutablePointer<UInt8>
  @usableFromInline var used = 0
  @usableFromInline var room: Int

  public init(capacity: Int = 0) {
    room = capacity
    start = RawMemory.allocate(capacity + Self.padding)
    start.initialize(repeating: 0, count: Self.padding)
  }

  deinit { free(start) }

  @inlinable public var base: UnsafeMutablePointer<UInt8> { start }
  @inlinable public var count: Int { used }
  @inlinable public var capacity: Int { room }
  @inlinable public var isEmpty: Bool { used == 0 }
  @inlinable public var end: UnsafeMutablePointer<UInt8> { base + count }
  /// Behind the room that is there without moving `base`, not counting the padding.
  @inlinable public var limit: UnsafeMutablePointer<UInt8> { base + capacity }
  @inlinable public var contents: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: count)
  }
  @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Makes room for `more` bytes behind the last one; `base` may move.
  @inlinable public mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: count + more) }
  }

  @inline(never)
  @usableFromInline mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2, 256)
    start = RawMemory.resize(start, to: larger + Self.padding)
    room = larger
  }

  /// Says that `more` bytes were written behind the end, into room that was reserved.
  @inlinable public mutating func advance(by more: Int) {
    precondition(more >= 0 && count + more <= capacity, "advanced past the reserved room")
    used += more
  }

  /// Sets the end, forwards only into bytes that were written before.
  @inlinable public mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "truncated past the end")
    used = newCount
  }

  @inlinable public mutating func removeAll() { used = 0 }

  /// Gives the memory back beyond `capacity` bytes; what it holds is lost.
  public mutating func shrink(to limit: Int) {
    guard capacity > limit else { return removeAll() }
    self = ByteBuffer(capacity: limit)
  }

  @inlinable public mutating func append(_ byte: UInt8) {
    reserve(1)
    start[used] = byte
    used += 1
  }

  @inlinable public mutating func append(_ more: UnsafeRawBufferPointer) {
    guard let source = more.baseAddress, more.count > 0 else { return }
    reserve(more.count)
    UnsafeMutableRawPointer(end).copyMemory(from: source, byteCount: more.count)
    used += more.count
  }

  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Moves the bytes from `first` on to the front.
  public mutating func removeFirst(_ first: Int) {
    precondition(first >= 0 && first <= count, "removed past the end")
    UnsafeMutableRawPointer(base).copyMemory(from: base + first, byteCount: count - first)
    used -= first
  }

  /// Moves bytes to an earlier place.
  public mutating func move(_ range: Range<Int>, to start: Int) {
    precondition(start >= 0 && start <= range.lowerBound && range.upperBound <= count, "moved past the end")
    UnsafeMutableRawPointer(base + start).copyMemory(from: base + range.lowerBound, byteCount: range.count)
  }

  /// The bytes as text; bytes that are not UTF-8 become U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
