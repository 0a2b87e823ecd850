import Records

/// The steps of expressions of common forms.
extension MappingProgram {
  /// Adds the steps of a form.
  ///
  /// - Returns: where they stand among all steps.
  mutating func addShortcut(_ form: CommonForm) -> Range<Int> {
    var draft = ShortcutDraft()
    add(form, to: &draft)
    let start = shortcutSteps.count
    shortcutSteps += draft.steps(from: start)
    return start..<shortcutSteps.count
  }

  private mutating func add(_ form: CommonForm, to draft: inout ShortcutDraft) {
    switch form {
    case .path(let path): draft.add(.load(slot: slot(path)))
    case .optional(let optional): add(optional, to: &draft)
    case .constant(let value): draft.add(.constant(constant(value)))
    case .test(let test): add(test, .constant(true), .constant(false), to: &draft)
    case .conditional(let test, let yes, let no): add(test, yes, no, to: &draft)
    case .choice(let path, let pairs, let otherwise):
      draft.add(.choose(slot: slot(path), table: table(pairs, otherwise: otherwise)))
    case .first(let forms): addFirst(forms, to: &draft)
    case .orElse(let optional, let other): addOrElse(optional, other, to: &draft)
    case .changed(let change, let form):
      add(form, to: &draft)
      draft.add(.change(change))
    case .lookup(let pairs, let key, let otherwise): addLookup(pairs, key, otherwise, to: &draft)
    }
  }

  private mutating func add(_ optional: CommonForm.OptionalPath, to draft: inout ShortcutDraft) {
    draft.add(.loadOptional(slot: slot(optional.path), holder: optional.holder.map { slot($0) }))
  }

  private mutating func add(
    _ test: CommonForm.Test, _ yes: CommonForm, _ no: CommonForm, to draft: inout ShortcutDraft
  ) {
    let (isTrue, isFalse, end) = (draft.label(), draft.label(), draft.label())
    add(test, yes: isTrue, no: isFalse, to: &draft)
    draft.place(isTrue)
    add(yes, to: &draft)
    draft.add(.go(to: end))
    draft.place(isFalse)
    add(no, to: &draft)
    draft.place(end)
  }

  private mutating func addFirst(_ forms: [CommonForm], to draft: inout ShortcutDraft) {
    let end = draft.label()
    for form in forms {
      if case .constant(let value) = form, value != .null {
        draft.add(.constant(constant(value)))
        return draft.place(end)
      }
      let next = draft.label()
      add(form, to: &draft)
      draft.add(.testMissing(yes: next, no: end))
      draft.place(next)
    }
    draft.add(.constant(constant(.null)))
    draft.place(end)
  }

  private mutating func addOrElse(
    _ optional: CommonForm.OptionalPath, _ other: CommonForm, to draft: inout ShortcutDraft
  ) {
    let (next, end) = (draft.label(), draft.label())
    add(optional, to: &draft)
    draft.add(.testAbsent(yes: next, no: end))
    draft.place(next)
    add(other, to: &draft)
    draft.place(end)
  }

  private mutating func addLookup(
    _ pairs: [FieldMapping.Pair], _ key: CommonForm, _ otherwise: CommonForm?, to draft: inout ShortcutDraft
  ) {
    let table = self.table(pairs, otherwise: nil)
    let (known, unknown, end) = (draft.label(), draft.label(), draft.label())
    add(key, to: &draft)
    if otherwise != nil { draft.add(.testKey(table: table, yes: known, no: unknown)) }
    draft.place(known)
    draft.add(.look(table: table))
    draft.add(.go(to: end))
    draft.place(unknown)
    if let otherwise { add(otherwise, to: &draft) }
    draft.place(end)
  }

  private mutating func add(_ test: CommonForm.Test, yes: Int, no: Int, to draft: inout ShortcutDraft) {
    switch test {
    case .comparison(let filter):
      comparisons.append(comparison(filter))
      draft.add(.compare(comparisons.count - 1, yes: yes, no: no))
    case .isPresent(let path, let holder):
      draft.add(.testPresence(slot: slot(path), holder: slot(holder), yes: yes, no: no))
    case .isAmong(let texts, let form):
      add(form, to: &draft)
      let table = self.table(texts.map { FieldMapping.Pair(.string($0), true) }, otherwise: nil)
      draft.add(.testKey(table: table, yes: yes, no: no))
    case .not(let test): add(test, yes: no, no: yes, to: &draft)
    case .both(let first, let second):
      let next = draft.label()
      add(first, yes: next, no: no, to: &draft)
      draft.place(next)
      add(second, yes: yes, no: no, to: &draft)
    case .either(let first, let second):
      let next = draft.label()
      add(first, yes: yes, no: next, to: &draft)
      draft.place(next)
      add(second, yes: yes, no: no, to: &draft)
    case .value(let form):
      add(form, to: &draft)
      draft.add(.testValue(yes: yes, no: no))
    }
  }
}
