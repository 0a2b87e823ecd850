import Records

/// The last keys of one `dedupe` step, found by their hash. Takes up to 40 bytes a key, and no more keys than its bound
/// (Invariant 7): beyond it the oldest is forgotten.
struct KeyRing: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    var digest: KeyDigest
    var stamp: Int64
    var number: UInt64
  }

  /// In milliseconds; nil: only the count decides.
  private let window: Int64?
  private let max: Int
  let comparesVersions: Bool
  /// A ring; its size is a power of two.
  private var slots: [Slot] = []
  private var head = 0
  private(set) var count = 0
  /// Open addressing with linear probing, half full at most: places in `slots`, counted from 1; 0 where there is none.
  private var table: [UInt32] = []
  /// How many were forgotten although their window was not over.
  private(set) var lost: UInt64 = 0

  init(_ window: DedupeWindow) {
    self.window = window.time.map { $0.milliseconds }
    max = window.records
    comparesVersions = window.comparesVersions
  }

  /// The number of the oldest; nil where there is none.
  var oldest: UInt64? { count == 0 ? nil : slots[head].number }

  /// Whether an event with the key was let through whose time is near enough to this one, or whose version is newer.
  func holds(_ digest: KeyDigest, at stamp: Int64) -> Bool {
    guard let place = find(digest) else { return false }
    if comparesVersions { return slots[Int(table[place]) - 1].stamp > stamp }
    guard let window else { return true }
    return abs(slots[Int(table[place]) - 1].stamp - stamp) <= window
  }

  /// Remembers a key as the newest. At most two old ones go for each that comes, so that one event with a wrong time does
  /// not empty the memory.
  mutating func append(_ key: RememberedKey, number: UInt64) {
    for _ in 0..<2 where count > 0 && isOver(slots[head], at: key) { dropOldest() }
    if count == max {
      if window != nil, slots[head].digest != .none, !isOver(slots[head], at: key) { lost += 1 }
      dropOldest()
    }
    if count == slots.count { grow() }
    if !key.isForgotten { forget(key.digest) }
    let place = (head + count) & (slots.count - 1)
    slots[place] = Slot(digest: key.digest, stamp: key.stamp, number: number)
    count += 1
    if !key.isForgotten { index(place) }
  }

  /// A forgotten key has no time, and nothing goes for it.
  private func isOver(_ slot: Slot, at key: RememberedKey) -> Bool {
    guard let window, !key.isForgotten else { return false }
    return slot.digest == .none || slot.stamp < key.stamp - window
  }

  mutating func forget(_ digest: KeyDigest) {
    guard let place = find(digest) else { return }
    slots[Int(table[place]) - 1].digest = .none
    remove(at: place)
  }

  private mutating func dropOldest() {
    let digest = slots[head].digest
    if digest != .none, let place = find(digest) { remove(at: place) }
    head = (head + 1) & (slots.count - 1)
    count -= 1
  }

  // MARK: - The table

  private func home(_ digest: KeyDigest) -> Int { Int(truncatingIfNeeded: digest.low) & (table.count - 1) }

  private func find(_ digest: KeyDigest) -> Int? {
    guard !table.isEmpty else { return nil }
    var place = home(digest)
    while table[place] != 0 {
      if slots[Int(table[place]) - 1].digest == digest { return place }
      place = (place + 1) & (table.count - 1)
    }
    return nil
  }

  private mutating func index(_ slot: Int) {
    var place = home(slots[slot].digest)
    while table[place] != 0 { place = (place + 1) & (table.count - 1) }
    table[place] = UInt32(slot + 1)
  }

  /// Moves what stands behind it forward, where a search for it would no longer pass the hole.
  private mutating func remove(at hole: Int) {
    let mask = table.count - 1
    var hole = hole
    var place = hole
    table[hole] = 0
    while true {
      place = (place + 1) & mask
      guard table[place] != 0 else { return }
      let home = home(slots[Int(table[place]) - 1].digest)
      guard (place - home) & mask >= (place - hole) & mask else { continue }
      table[hole] = table[place]
      table[place] = 0
      hole = place
    }
  }

  private mutating func grow() {
    var larger: [Slot] = []
    larger.reserveCapacity(Swift.max(16, slots.count * 2))
    for index in 0..<count { larger.append(slots[(head + index) & (slots.count - 1)]) }
    let empty = Slot(digest: .none, stamp: 0, number: 0)
    while larger.count < Swift.max(16, slots.count * 2) { larger.append(empty) }
    slots = larger
    head = 0
    table = Array(repeating: 0, count: slots.count * 2)
    for place in 0..<count where slots[place].digest != .none { index(place) }
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
