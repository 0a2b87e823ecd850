/// Tells rows that differ from rows whose change is on its way.
///
/// A pipeline that runs is always a little behind, so a difference counts only when it is still the same after the
/// pipeline had the time to catch up: neither side has changed since it was seen. A row that goes on changing stays
/// undecided.
struct Settling<Key: Hashable & Sendable, Pair: Equatable & Sendable>: Sendable {
  /// How often rows are looked at again, in looks.
  static var looksMax: Int { 5 }

  /// What was seen last, of rows that are not decided.
  private(set) var open: [Key: Pair]
  private(set) var confirmed: [Key: Pair] = [:]
  private(set) var looks = 0

  init(_ seen: [Key: Pair]) { open = seen }

  /// Whether another look is needed.
  var isOpen: Bool { !open.isEmpty && looks < Self.looksMax }

  /// Takes what a later look saw of the open rows: those that still differ.
  mutating func look(_ seen: [Key: Pair]) {
    looks += 1
    var still: [Key: Pair] = [:]
    for (key, before) in open {
      guard let now = seen[key] else { continue }
      if now == before { confirmed[key] = now } else { still[key] = now }
    }
    open = still
  }
}
