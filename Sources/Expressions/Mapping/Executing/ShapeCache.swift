import Records

/// Remembers where the slots' values stood in records of one shape, so that the next record of that shape needs no walk.
///
/// A shape is the sequence of keys and subtree sizes of a record's nodes; the kinds of scalars are no part of it. It is
/// compared node by node, not by a hash, so a hit is never wrong. Records of one origin have few shapes; where they do
/// not (keys in random order), the cache notices and stays out of the way. Belongs to one lane.
struct ShapeCache: ~Copyable {
  /// The most shapes that are remembered, in shapes.
  private static let shapesMax = 16
  /// The largest record that is remembered, in nodes.
  private static let nodesMax = 1_024
  /// After so many misses without a hit between them, nothing is compared any more.
  private static let missesMax = 4_096
  /// Key and subtree size of a node's first eight bytes, without its kind and flags.
  private static let mask: UInt64 = 0xffff_ffff_ffff_0000

  /// Where one shape's words and places begin.
  struct Shape: BitwiseCopyable {
    var firstWord: Int
    var count: UInt32
    var firstPlace: Int
  }

  private let slots: [Int]
  private var shapes: RawArray<Shape>
  private var words = RawArray<UInt64>()
  /// For each shape and slot, where the value stands behind the root; negative where there is none.
  private var places = RawArray<Int32>()
  private var last = 0
  private var misses = 0
  private var table = -1

  /// - Parameter slots: the slots that a walk over the record fills.
  init(slots: [Int]) {
    self.slots = slots
    shapes = RawArray(capacity: Self.shapesMax)
  }

  /// Forgets all shapes when the key ids have another meaning.
  mutating func learn(_ keys: KeyNames) {
    guard keys.table != table else { return }
    table = keys.table
    forget()
  }

  private mutating func forget() {
    shapes.removeAll()
    words.removeAll()
    places.removeAll()
    last = 0
    misses = 0
  }

  /// Fills the slots of a record whose shape is known; they are all absent before.
  ///
  /// - Returns: false where the shape is not known.
  @inline(__always)
  mutating func fill(
    _ nodes: UnsafeMutablePointer<Node>, root: Int, _ filled: UnsafeMutablePointer<Node>
  ) -> Bool {
    guard shapes.count > 0, misses < Self.missesMax else { return false }
    if !matches(shapes.base[last], nodes, root) {
      guard let other = search(nodes, root) else {
        misses += 1
        return false
      }
      last = other
    }
    misses = 0
    let place = places.base + shapes.base[last].firstPlace
    for (index, slot) in slots.enumerated() where place[index] >= 0 {
      let node = root + Int(place[index])
      filled[slot] = nodes[node]
      filled[slot].next = UInt32(truncatingIfNeeded: node)
    }
    return true
  }

  private func search(_ nodes: UnsafeMutablePointer<Node>, _ root: Int) -> Int? {
    for index in 0..<shapes.count where index != last && matches(shapes.base[index], nodes, root) { return index }
    return nil
  }

  @inline(__always)
  private func matches(_ shape: Shape, _ nodes: UnsafeMutablePointer<Node>, _ root: Int) -> Bool {
    guard nodes[root].next &- UInt32(truncatingIfNeeded: root) == shape.count else { return false }
    let have = UnsafeRawPointer(nodes + root)
    let want = words.base + shape.firstWord
    let shift = UInt64(truncatingIfNeeded: root) << 32
    var difference: UInt64 = 0
    for index in 0..<Int(shape.count) {
      difference |= Self.word(have, index) &- shift ^ want[index]
    }
    return difference == 0
  }

  @inline(__always)
  private static func word(_ nodes: UnsafeRawPointer, _ index: Int) -> UInt64 {
    nodes.load(fromByteOffset: index &* MemoryLayout<Node>.size, as: UInt64.self) & mask
  }

  /// Remembers the shape of a record that was walked just now.
  mutating func remember(_ nodes: UnsafeMutablePointer<Node>, root: Int, _ filled: UnsafeMutablePointer<Node>) {
    let count = nodes[root].next &- UInt32(truncatingIfNeeded: root)
    guard count <= Self.nodesMax, misses < Self.missesMax, !hasKeyTexts(nodes, root, Int(count)) else { return }
    if shapes.count == Self.shapesMax {
      let kept = misses
      forget()
      misses = kept
    }
    shapes.append(Shape(firstWord: words.count, count: count, firstPlace: places.count))
    let shift = UInt64(truncatingIfNeeded: root) << 32
    for index in 0..<Int(count) { words.append(Self.word(UnsafeRawPointer(nodes + root), index) &- shift) }
    for slot in slots {
      places.append(filled[slot].kind == .absent ? -1 : Int32(truncatingIfNeeded: Int(filled[slot].next) - root))
    }
    last = shapes.count - 1
  }

  /// Keys without an id do not show in the nodes' words.
  private func hasKeyTexts(_ nodes: UnsafeMutablePointer<Node>, _ root: Int, _ count: Int) -> Bool {
    (root..<root + count).contains { nodes[$0].kind == .keyText }
  }
}
