/// A queue in one piece of memory: taking from the front does not move the rest.
struct Fifo<Element> {
  private var ring: [Element?] = []
  private var head = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  var first: Element? { isEmpty ? nil : ring[head] }

  mutating func append(_ element: Element) {
    if count == ring.count { grow() }
    ring[(head + count) % ring.count] = element
    count += 1
  }

  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = ring[head]
    ring[head] = nil
    head = (head + 1) % ring.count
    count -= 1
    return element
  }

  /// The element at that distance from the front.
  subscript(index: Int) -> Element {
    get {
      guard index >= 0, index < count, let element = ring[(head + index) % ring.count] else {
        preconditionFailure("index out of range")
      }
      return element
    }
    set {
      precondition(index >= 0 && index < count, "index out of range")
      ring[(head + index) % ring.count] = newValue
    }
  }

  private mutating func grow() {
    var larger = [Element?](repeating: nil, count: max(8, ring.count * 2))
    for index in 0..<count { larger[index] = ring[(head + index) % ring.count] }
    ring = larger
    head = 0
  }
}

extension Fifo: Sendable where Element: Sendable {}
