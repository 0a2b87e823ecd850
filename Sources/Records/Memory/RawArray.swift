import Glibc

/// A growable array of plain values in one piece of memory; it cannot be copied, so passing it on costs nothing.
///
/// What is done for every record or field is inlinable: other modules would call it, and without knowing the element.
public struct RawArray<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var start: UnsafeMutablePointer<Element>
  @usableFromInline var used = 0
  @usableFromInline var room: Int

  public init(capacity: Int = 0) {
    room = capacity
    start = RawMemory.allocate(max(capacity, 1))
  }

  deinit { free(start) }

  @inlinable public var base: UnsafeMutablePointer<Element> { start }
  @inlinable public var count: Int { used }
  @inlinable public var capacity: Int { room }
  @inlinable public var isEmpty: Bool { used == 0 }
  @inlinable public var indices: Range<Int> { 0..<used }

  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index out of range")
      return base[index]
    }
    set {
      precondition(index >= 0 && index < count, "index out of range")
      base[index] = newValue
    }
  }

  /// Makes room for `more` elements behind the last one; `base` may move.
  @inlinable public mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: count + more) }
  }

  @inline(never)
  @usableFromInline mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2, 16)
    start = RawMemory.resize(start, to: larger)
    room = larger
  }

  /// Inlined, so that an element is written where it goes, and not first beside it: to read it from there again at once
  /// costs more than the rest.
  @inlinable @inline(__always)
  public mutating func append(_ element: Element) {
    reserve(1)
    start[used] = element
    used += 1
  }

  /// Says that elements up to `newCount` were written, into room that was reserved.
  @inlinable public mutating func setCount(_ newCount: Int) {
    precondition(newCount >= 0 && newCount <= capacity, "count past the reserved room")
    used = newCount
  }

  @inlinable public mutating func removeAll() { used = 0 }

  /// Gives the memory back beyond `limit` elements; what it holds is lost.
  public mutating func shrink(to limit: Int) {
    guard capacity > limit else { return removeAll() }
    self = RawArray(capacity: limit)
  }
}
