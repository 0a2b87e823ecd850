import Records

/// Fills the slots of all paths from one event: its roots, each with a trie of its own, and what is no node.
struct SlotFiller: ~Copyable {
  private var record: PathWalker
  private var shapes: ShapeCache
  private var before: PathWalker
  private var key: PathWalker
  private var meta: PathWalker
  /// How many slots there are, and whether only the record fills them.
  private let count: Int
  private let isRecordOnly: Bool
  /// Slots that stand for something that is no node: the operation, the event's own identity.
  private let computed: [(slot: Int, part: EventPart)]

  /// ``Event/none``, which is a call from this module.
  private static let none = UInt32.max

  init(_ paths: [Path]) {
    var tries: [Path.Root: PathTrie] = [:]
    var computed: [(slot: Int, part: EventPart)] = []
    for (slot, path) in paths.enumerated() {
      if let part = EventPart(path) {
        computed.append((slot, part))
      } else {
        tries[path.root, default: PathTrie()].add(path.steps, slot: slot)
      }
    }
    self.computed = computed
    count = paths.count
    isRecordOnly = paths.allSatisfy { $0.root == .record }
    shapes = ShapeCache(isRecord: paths.map { $0.root == .record })
    record = PathWalker(tries[.record] ?? PathTrie())
    before = PathWalker(tries[.before] ?? PathTrie())
    key = PathWalker(tries[.key] ?? PathTrie())
    meta = PathWalker(tries[.meta] ?? PathTrie())
  }

  mutating func learn(_ keys: KeyNames) {
    shapes.learn(keys)
    record.learn(keys)
    before.learn(keys)
    key.learn(keys)
    meta.learn(keys)
  }

  /// Fills all slots; those of what is not there are absent.
  mutating func fill(_ batch: Batch, _ index: Int, _ slots: UnsafeMutablePointer<Node>) {
    let event = batch.events.base[index]
    // A shape is one of records; the row of a delete may be what was there before.
    let hasRecord = event.record != Self.none
    fill(batch, event, root: hasRecord ? event.record : event.row, shape: hasRecord ? event.shape : 0, slots)
  }

  /// The same with another record in place of the event's.
  mutating func fill(
    _ batch: Batch, _ event: Event, root: UInt32, shape: UInt16 = 0, _ slots: UnsafeMutablePointer<Node>
  ) {
    if isRecordOnly, root != Self.none, shapes.fill(batch.nodes.base, root: Int(root), shape: shape, slots) { return }
    for slot in 0..<count { slots[slot] = .absent }
    fillRecord(batch, root, shape, slots)
    before.walk(batch, root: event.before, slots: slots)
    key.walk(batch, root: event.key, slots: slots)
    meta.walk(batch, root: event.meta, slots: slots)
    for (slot, part) in computed where slots[slot].kind == .absent {
      slots[slot] = part.cell(of: event, in: batch)
    }
  }

  private mutating func fillRecord(
    _ batch: Batch, _ root: UInt32, _ shape: UInt16, _ slots: UnsafeMutablePointer<Node>
  ) {
    guard root != Self.none else { return }
    if shapes.fill(batch.nodes.base, root: Int(root), shape: shape, slots) { return }
    record.walk(batch, root: root, slots: slots)
    shapes.remember(root: Int(root), shape: shape, slots)
  }
}

/// What an event is beside its nodes.
private enum EventPart {
  case operation, eventID, source

  init?(_ path: Path) {
    switch (path.root, path.steps) {
    case (.op, []): self = .operation
    case (.meta, [.member("event_id")]): self = .eventID
    case (.meta, [.member("source")]): self = .source
    default: return nil
    }
  }

  func cell(of event: Event, in batch: Batch) -> Node {
    var cell = Node(.string)
    switch self {
    case .operation: CellText.set(&cell, to: event.operation.name, in: batch)
    case .eventID: CellText.set(&cell, to: batch.eventID(event), in: batch)
    case .source: CellText.set(&cell, to: batch.origin.name, in: batch)
    }
    if JSONText.needsEscape(batch.raw(cell)) { cell.flags.insert(.plain) }
    return cell
  }
}
