/// Who waits for the tickets of one service, on one loop; tickets come in order.
struct WaitingCallers {
  /// A request that waits for its answer.
  struct Caller: Equatable {
    var connection: UInt64
    /// Of HTTP/2; 0 elsewhere.
    var stream: Int32
  }

  private var callers: [(ticket: UInt64, caller: Caller)] = []
  private var first = 0

  var isEmpty: Bool { first == callers.count }

  mutating func add(_ caller: Caller, ticket: UInt64) { callers.append((ticket, caller)) }

  /// Those whose tickets lie before `end`, in order.
  mutating func take(before end: UInt64) -> [Caller] {
    let start = first
    while first < callers.count, callers[first].ticket < end { first += 1 }
    let taken = callers[start..<first].map(\.caller)
    if first == callers.count {
      callers.removeAll(keepingCapacity: true)
      first = 0
    } else if first > Self.goneMax {
      callers.removeFirst(first)
      first = 0
    }
    return taken
  }

  /// How many that are gone are kept before the others move up.
  private static let goneMax = 1_024
}
