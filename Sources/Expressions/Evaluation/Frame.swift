import Records

/// Where one lane evaluates an expression: its variables, its view of the batch, and what it may still cost.
///
/// Made once for an expression and a lane, and used for every record. The first slots are the variables of the
/// ``Environment`` in its order; the variables of macros follow.
package final class Frame {
  private let slots: UnsafeMutablePointer<CELValue>
  private let slotCount: Int
  /// Valid once a batch was attached.
  private let memory: UnsafeMutablePointer<BatchMemory>
  /// The names of the fields that the expression reads, and their ids in the batch's keys; 0 is a name without one.
  private let names: [String]
  private let keys: UnsafeMutablePointer<UInt16>
  private var keyTable = -1
  private var keyCount = 0
  /// The cells of the expression's ``Expression/paths``, where a mapping has found them already.
  private var cells: UnsafePointer<Node>?
  private let cellPlaces: UnsafeMutablePointer<Int>
  private let pathCount: Int
  private var budget = ExpressionLimits.cost

  init(variables: Int, locals: Int, names: [String] = [], paths: Int = 0) {
    slotCount = max(variables + locals, 1)
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: .failure(Self.unset), count: slotCount)
    memory = .allocate(capacity: 1)
    self.names = names
    keys = .allocate(capacity: max(names.count, 1))
    keys.initialize(repeating: 0, count: max(names.count, 1))
    pathCount = paths
    cellPlaces = .allocate(capacity: max(paths, 1))
    cellPlaces.initialize(repeating: 0, count: max(paths, 1))
  }

  deinit {
    slots.deinitialize(count: slotCount)
    slots.deallocate()
    memory.deallocate()
    keys.deallocate()
    cellPlaces.deallocate()
  }

  private static let unset = EvaluationError(.unknownName, "this variable has no value")

  // MARK: Variables

  /// The value of a variable or of a macro's variable.
  package subscript(slot: Int) -> CELValue {
    @inline(__always) get {
      assert(slot < slotCount)
      return slots[slot]
    }
    set {
      precondition(slot < slotCount, "there is no such slot")
      slots[slot] = newValue
    }
  }

  // MARK: The batch

  /// Looks into a batch from now on. Called before the variables of an event are set, for every event: the batch may
  /// have grown, and so moved, since the last.
  package func attach(_ batch: Batch) {
    memory.initialize(to: BatchMemory(nodes: batch.nodes.base, bytes: batch.bytes.base, batch: batch))
    if batch.keys.table != keyTable || batch.keys.names.count != keyCount { learn(batch.keys) }
  }

  private func learn(_ known: KeyNames) {
    keyTable = known.table
    keyCount = known.names.count
    for (index, name) in names.enumerated() {
      let id = known.names.firstIndex { $0.hasSameCodePoints(as: name) } ?? 0
      keys[index] = UInt16(truncatingIfNeeded: id)
    }
  }

  /// Sets a variable to the value at a node of the attached batch; null where the event has no such part.
  package func set(_ slot: Int, toNode index: UInt32) {
    self[slot] = index == Event.none ? .null : CELValue(memory, Int(index))
  }

  /// Reads the expression's ``Expression/paths`` from cells that are filled for each event.
  ///
  /// - Parameters:
  ///   - cells: stays valid as long as the frame is used.
  ///   - places: the index among the cells of each path. A cell that is absent is looked for in the variables.
  package func read(_ cells: UnsafePointer<Node>, at places: [Int]) {
    precondition(places.count == pathCount, "a place for each path")
    self.cells = cells
    for (index, place) in places.enumerated() { cellPlaces[index] = place }
  }

  /// The value of a path, where a mapping has found it.
  @inline(__always)
  func value(ofPath path: Int) -> CELValue? {
    guard let cells else { return nil }
    let cell = cells[cellPlaces[path]]
    return cell.kind == .absent ? nil : CELValue(memory, cell, cell.next)
  }

  /// The id of the field name with this index.
  @inline(__always)
  func key(_ name: Int) -> UInt16 { keys[name] }

  // MARK: Cost

  func reset() { budget = ExpressionLimits.cost }

  /// Counts work; throws when there was too much of it.
  @inline(__always)
  func charge(_ steps: Int) throws(EvaluationError) {
    budget -= steps
    if budget < 0 { throw Self.tooCostly }
  }

  private static let tooCostly = EvaluationError(
    .tooCostly, "the evaluation takes more than \(ExpressionLimits.cost) steps",
    hint: "go over fewer elements, or nest fewer macros")
}
