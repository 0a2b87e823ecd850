import Glibc

/// A growable array of plain values in one piece of memory; it cannot be copied, so passing it on costs nothing.
package struct RawArray<Element: BitwiseCopyable>: ~Copyable {
  package private(set) var base: UnsafeMutablePointer<Element>
  package private(set) var count = 0
  package private(set) var capacity: Int

  package init(capacity: Int = 0) {
    self.capacity = capacity
    base = RawMemory.allocate(max(capacity, 1))
  }

  deinit { free(base) }

  package var isEmpty: Bool { count == 0 }
  package var indices: Range<Int> { 0..<count }

  package subscript(index: Int) -> Element {
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
  package mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: count + more) }
  }

  @inline(never)
  private mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2, 16)
    base = RawMemory.resize(base, to: larger)
    capacity = larger
  }

  /// Inlined, so that an element is written where it goes, and not first beside it: to read it from there again at once
  /// costs more than the rest.
  @inline(__always)
  package mutating func append(_ element: Element) {
    reserve(1)
    base[count] = element
    count += 1
  }

  /// Says that elements up to `newCount` were written, into room that was reserved.
  package mutating func setCount(_ newCount: Int) {
    precondition(newCount >= 0 && newCount <= capacity, "count past the reserved room")
    count = newCount
  }

  package mutating func removeAll() { count = 0 }

  /// Gives the memory back beyond `limit` elements; what it holds is lost.
  package mutating func shrink(to limit: Int) {
    guard capacity > limit else { return removeAll() }
    self = RawArray(capacity: limit)
  }
}
