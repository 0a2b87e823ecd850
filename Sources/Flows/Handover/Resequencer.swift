/// Gives numbers and restores their order: what arrives early is held until all before it have arrived.
///
/// How much it can hold is bounded by what holds the numbered things: the pool of parcels.
struct Resequencer<Item> {
  /// The number that the next one gets.
  private(set) var issued: UInt64 = 0
  /// The number that leaves next.
  private(set) var next: UInt64 = 0
  /// From `next` on; nil: not there yet.
  private var held = Fifo<Item?>()

  /// Whether everything that has a number has left.
  var isQuiet: Bool { issued == next }

  mutating func issue() -> UInt64 {
    defer { issued += 1 }
    return issued
  }

  mutating func put(_ item: Item, at number: UInt64) {
    precondition(number >= next && number < issued, "a number that was not issued, or came twice")
    let place = Int(number - next)
    while held.count <= place { held.append(nil) }
    held[place] = item
  }

  /// The next in order, if it is there.
  mutating func pop() -> Item? {
    guard let first = held.first, let item = first else { return nil }
    _ = held.popFirst()
    next += 1
    return item
  }
}
