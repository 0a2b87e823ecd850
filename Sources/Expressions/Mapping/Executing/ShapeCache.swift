import Records

/// Remembers where the slots' values stand in records of one shape (``Event/shape``), so that the next record of that
/// shape needs no walk. Belongs to one lane.
struct ShapeCache: ~Copyable {
  /// The largest remembered number of places, in slots of all shapes: beyond it the rarer shapes are walked.
  private static let placesMax = 1 << 18

  /// Whether a walk over the record fills the slot.
  private let isRecord: [Bool]
  private let count: Int
  /// For each shape and slot, where the value stands behind the root; negative where there is none.
  private var places = RawArray<Int32>()
  /// For each shape where its places begin; negative where it is not known.
  private var firstPlace = RawArray<Int32>()
  private var table = -1
  private let absent = Node.absent

  /// - Parameter isRecord: for each slot, whether a walk over the record fills it.
  init(isRecord: [Bool]) {
    self.isRecord = isRecord
    count = isRecord.count
  }

  /// Forgets all shapes when their numbers have another meaning.
  mutating func learn(_ keys: KeyNames) {
    guard keys.table != table else { return }
    table = keys.table
    places.removeAll()
    firstPlace.removeAll()
  }

  /// Fills the slots of a record whose shape is known, and empties the others.
  ///
  /// - Returns: false where the shape is not known.
  @inline(__always)
  mutating func fill(
    _ nodes: UnsafeMutablePointer<Node>, root: Int, shape: UInt16, _ filled: UnsafeMutablePointer<Node>
  ) -> Bool {
    guard Int(shape) < firstPlace.count, firstPlace.base[Int(shape)] >= 0 else { return false }
    let place = UnsafePointer(places.base + Int(firstPlace.base[Int(shape)]))
    for slot in 0..<count {
      guard place[slot] >= 0 else {
        filled[slot] = absent
        continue
      }
      let node = root &+ Int(place[slot])
      filled[slot] = nodes[node]
      filled[slot].next = UInt32(truncatingIfNeeded: node)
    }
    return true
  }

  /// Remembers the shape of a record that was walked just now.
  mutating func remember(root: Int, shape: UInt16, _ filled: UnsafeMutablePointer<Node>) {
    guard shape != 0, places.count + count <= Self.placesMax else { return }
    while firstPlace.count <= Int(shape) { firstPlace.append(-1) }
    firstPlace[Int(shape)] = Int32(places.count)
    for slot in 0..<count {
      let isFilled = isRecord[slot] && filled[slot].kind != .absent
      places.append(isFilled ? Int32(truncatingIfNeeded: Int(filled[slot].next) - root) : -1)
    }
  }
}
