import Records

/// The steps of one expression among those of all.
struct Shortcut: BitwiseCopyable {
  let first: Int
  let end: Int

  init(_ steps: Range<Int>) { (first, end) = (steps.lowerBound, steps.upperBound) }
}

extension MappingExecutor {
  /// Takes the cell through the steps of an expression, by the index of its evaluation.
  ///
  /// - Returns: false where the expression has none, or only an evaluation can tell; the cell then means nothing.
  @inline(__always)
  func shortcut(_ evaluation: Int, _ cell: inout Node, _ batch: Batch) -> Bool {
    let shortcut = shortcuts.base[evaluation]
    guard shortcut.first < shortcut.end else { return false }
    return run(shortcut, &cell, batch)
  }

  /// Every step leads to a later one, so that this ends.
  private func run(_ shortcut: Shortcut, _ cell: inout Node, _ batch: Batch) -> Bool {
    let steps = UnsafePointer(shortcutSteps.base)
    let slots = slots.base
    var place = shortcut.first
    while place < shortcut.end {
      let step = steps[place]
      place &+= 1
      switch step {
      case .load(let slot):
        cell = slots[slot]
        guard ShortcutCell.settle(&cell, batch) else { return false }
      case .loadOptional(let slot, let holder):
        cell = slots[slot]
        if case .absent = cell.kind {
          guard isHolder(holder) else { return false }
        } else {
          guard ShortcutCell.settle(&cell, batch) else { return false }
        }
      case .constant(let index): cell = constants[index]
      case .change(let change): guard ShortcutCell.apply(change, to: &cell, batch) else { return false }
      case .look(let table):
        guard let found = result(for: &cell, in: table, batch) else { return false }
        cell = constants[found]
      case .choose(let slot, let table):
        guard let chosen = choice(for: &slots[slot], in: table, batch) else { return false }
        cell = constants[chosen]
      case .compare(let index, let yes, let no):
        guard let holds = holds(comparisons.base[index], batch) else { return false }
        place = holds ? yes : no
      case .testPresence(let slot, let holder, let yes, let no):
        if case .absent = slots[slot].kind {
          guard isHolder(holder) else { return false }
          place = no
        } else {
          place = yes
        }
      case .testKey(let table, let yes, let no):
        guard ShortcutCell.isText(cell) else { return false }
        place = result(for: &cell, in: table, batch) == nil ? no : yes
      case .testValue(let yes, let no):
        switch cell.kind {
        case .true: place = yes
        case .false: place = no
        default: return false
        }
      case .testMissing(let yes, let no): place = cell.isMissing ? yes : no
      case .testAbsent(let yes, let no):
        if case .absent = cell.kind { place = yes } else { place = no }
      case .go(let next): place = next
      }
    }
    return true
  }

  /// Whether what stands here may be asked for its members, where that is asked.
  @inline(__always)
  private func isHolder(_ slot: Int?) -> Bool {
    guard let slot else { return true }
    if case .object = slots.base[slot].kind { return true }
    return false
  }

  @inline(__always)
  private func holds(_ comparison: MappingProgram.Comparison, _ batch: Batch) -> Bool? {
    ConditionExecutor.holds(&slots.base[comparison.slot], comparison, constants[comparison.literal], batch)
  }

  private func result(for cell: inout Node, in table: Int, _ batch: Batch) -> Int? {
    guard ShortcutCell.isText(cell) else { return nil }
    return withTable(table) { $0.result(text: CellText.plain(&cell, batch)) }
  }

  /// nil where only an evaluation can tell.
  private func choice(for cell: inout Node, in table: Int, _ batch: Batch) -> Int? {
    switch cell.kind {
    case .absent, .keyText: return nil
    case .string:
      guard !cell.flags.contains(.typed) else { return nil }
      return withTable(table) { $0.result(text: CellText.plain(&cell, batch)) ?? $0.otherwise }
    case .null, .true, .false, .integer, .number, .array, .object: return withTable(table) { $0.otherwise }
    }
  }
}
