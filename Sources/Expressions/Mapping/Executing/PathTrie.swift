import Records

/// All paths of a pipeline as one tree, so that one walk over a record finds them all.
struct PathTrie: Sendable {
  struct Branch: Sendable {
    var members: [(name: String, branch: Int)] = []
    var elements: [(index: Int, branch: Int)] = []
    /// Which slot the value here fills; -1 where it fills none.
    var slot = -1
    /// The slots of this branch and all below it: what a repeated member clears.
    var slotsBelow: [Int] = []
    var isLeaf: Bool { members.isEmpty && elements.isEmpty }
  }

  /// What a walk needs of a branch at every step, without the lists that it rarely needs.
  struct Shape: BitwiseCopyable {
    var slot: Int
    var isLeaf: Bool
  }

  private(set) var branches = [Branch()]

  mutating func add(_ steps: [Path.Step], slot: Int) {
    var branch = 0
    branches[0].slotsBelow.append(slot)
    for step in steps {
      branch = child(of: branch, step)
      branches[branch].slotsBelow.append(slot)
    }
    branches[branch].slot = slot
  }

  private mutating func child(of branch: Int, _ step: Path.Step) -> Int {
    switch step {
    case .member(let name):
      if let known = branches[branch].members.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
        return known.branch
      }
      branches[branch].members.append((name, branches.count))
    case .index(let index):
      if let known = branches[branch].elements.first(where: { $0.index == index }) { return known.branch }
      branches[branch].elements.append((index, branches.count))
    }
    branches.append(Branch())
    return branches.count - 1
  }
}

/// Walks records along a trie. Belongs to one lane: it learns which key ids its batches give the names of the trie.
struct PathWalker: ~Copyable {
  private let trie: PathTrie
  private var shapes = RawArray<PathTrie.Shape>()
  /// For each branch and key id, the branch of that member, or -1; a row of `stride` ids a branch.
  private var branchOfKey = RawArray<Int16>()
  private var stride = 0
  private var table = -1
  private var known = 0
  /// The record in which each branch was last entered, so that a repeated member is noticed.
  private var entered = RawArray<UInt64>()
  private var record: UInt64 = 0
  private let isEmpty: Bool

  init(_ trie: PathTrie) {
    self.trie = trie
    isEmpty = trie.branches.count == 1 && trie.branches[0].slot < 0
    for branch in trie.branches {
      entered.append(0)
      shapes.append(PathTrie.Shape(slot: branch.slot, isLeaf: branch.isLeaf))
    }
  }

  /// Fills the slots of what is there; the others stay as they are.
  mutating func walk(_ batch: Batch, root: UInt32, slots: UnsafeMutablePointer<Node>) {
    guard !isEmpty, root != Event.none else { return }
    record += 1
    enter(0, Int(root), batch, batch.nodes.base, slots)
  }

  /// Learns the names that came with the batch; call before the first `walk` over it.
  mutating func learn(_ keys: KeyNames) {
    if keys.table != table { known = 0 }
    guard !isEmpty, keys.table != table || known < keys.names.count else { return }
    table = keys.table
    if keys.names.count > stride { grow(to: max(keys.names.count, stride * 2, 64)) }
    for (index, branch) in trie.branches.enumerated() {
      for id in known..<keys.names.count {
        let name = keys.names[id]
        let match = branch.members.first { $0.name.utf8.elementsEqual(name.utf8) }
        branchOfKey[index * stride + id] = match.map { Int16($0.branch) } ?? -1
      }
    }
    known = keys.names.count
  }

  private mutating func grow(to newStride: Int) {
    stride = newStride
    known = 0
    branchOfKey.removeAll()
    branchOfKey.reserve(stride * trie.branches.count)
    branchOfKey.setCount(stride * trie.branches.count)
  }

  private mutating func enter(
    _ branch: Int, _ index: Int, _ batch: Batch, _ nodes: UnsafeMutablePointer<Node>,
    _ slots: UnsafeMutablePointer<Node>
  ) {
    if entered.base[branch] == record { clear(branch, slots) }
    entered.base[branch] = record
    let shape = shapes.base[branch]
    if shape.slot >= 0 {
      slots[shape.slot] = nodes[index]
      slots[shape.slot].next = UInt32(truncatingIfNeeded: index)
    }
    guard !shape.isLeaf else { return }
    switch nodes[index].kind {
    case .object: enterMembers(branch, index, batch, nodes, slots)
    case .array: enterElements(branch, index, batch, nodes, slots)
    default: break
    }
  }

  /// The last of several members of one name wins, with all that is in it.
  private func clear(_ branch: Int, _ slots: UnsafeMutablePointer<Node>) {
    for slot in trie.branches[branch].slotsBelow { slots[slot] = .absent }
  }

  private mutating func enterMembers(
    _ branch: Int, _ index: Int, _ batch: Batch, _ nodes: UnsafeMutablePointer<Node>,
    _ slots: UnsafeMutablePointer<Node>
  ) {
    let table = branchOfKey.base + branch * stride
    let end = Int(nodes[index].next)
    var child = index + 1
    while child < end {
      let key = nodes[child].key
      let next = Int(nodes[child].next)
      if key < KeyTable.overflow {
        let branch = Int(table[Int(key)])
        if branch >= 0 { enter(branch, child, batch, nodes, slots) }
      } else if let branch = overflowing(branch, child - 1, batch) {
        enter(branch, child, batch, nodes, slots)
      }
      child = next
    }
  }

  /// The branch of a member whose key has no id.
  private func overflowing(_ branch: Int, _ keyText: Int, _ batch: Batch) -> Int? {
    let name = batch.text(batch.nodes[keyText])
    return trie.branches[branch].members.first { $0.name.utf8.elementsEqual(name.utf8) }?.branch
  }

  private mutating func enterElements(
    _ branch: Int, _ index: Int, _ batch: Batch, _ nodes: UnsafeMutablePointer<Node>,
    _ slots: UnsafeMutablePointer<Node>
  ) {
    let end = Int(nodes[index].next)
    for element in trie.branches[branch].elements {
      var child = index + 1
      var position = 0
      while child < end, position < element.index {
        child = Int(nodes[child].next)
        position += 1
      }
      if child < end { enter(element.branch, child, batch, nodes, slots) }
    }
  }
}
