import Records

/// Writes changed copies of records behind the nodes of their batch; the record that was read stays as it is, for dead
/// letters. Belongs to one lane.
struct RecordEditor {
  /// The ids of names, as far as the batches' key table knows them.
  private var ids: [String: UInt16] = [:]
  private var table = -1
  private var known = 0

  mutating func learn(_ keys: KeyNames) {
    guard keys.table != table || keys.names.count != known else { return }
    if keys.table != table { (ids, known) = ([:], 0) }
    for id in known..<keys.names.count { ids[keys.names[id]] = UInt16(id) }
    (table, known) = (keys.table, keys.names.count)
  }

  /// The root of the changed record.
  func edited(
    _ root: Int, by edit: RecordEdit, cells: [Node], in batch: Batch
  ) throws(CellProblem) -> UInt32 {
    let start = batch.nodes.count
    guard batch.nodes[root].kind == .object else { return UInt32(root) }
    try writeObject(root, edit, cells, batch)
    return UInt32(start)
  }

  // MARK: Objects

  /// - Parameter source: the object that is copied; nil for a new one.
  private func writeObject(
    _ source: Int?, _ edit: RecordEdit, _ cells: [Node], _ batch: Batch
  ) throws(CellProblem) {
    let header = batch.nodes.count
    batch.nodes.append(Node(.object, flags: .plain))
    var isThere = [Bool](repeating: false, count: edit.members.count)
    for child in source.map({ batch.children(of: $0) }) ?? [] {
      let name = batch.name(of: child)
      guard let index = edit.members.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
        try checkRenames(to: name, edit, source, batch)
        write(copyOf: child, name: name, flattened: edit.change, batch)
        continue
      }
      isThere[index] = true
      try write(child, name, edit.members[index].edit, cells, batch)
    }
    for (index, member) in edit.members.enumerated() where !isThere[index] {
      try writeNew(member, cells, batch)
    }
    batch.nodes[header].next = UInt32(batch.nodes.count)
  }

  private func write(
    _ child: Batch.Child, _ name: String, _ edit: RecordEdit, _ cells: [Node], _ batch: Batch
  ) throws(CellProblem) {
    switch edit.change {
    case .remove: return
    case .set(let cell) where cells[cell].kind != .absent: return write(name, cells[cell], batch)
    case .rename(let newName): return write(copyOf: child, name: newName, flattened: nil, batch)
    case .flatten(let separator): return flatten(child, name, separator, batch)
    case .set, nil: break
    }
    guard !edit.members.isEmpty, batch.nodes[child.node].kind == .object else {
      if edit.sets, batch.nodes[child.node].kind != .object, edit.change == nil {
        throw CellProblem(
          code: "transform.no_object",
          message: "`\(name)` is \(batch.nodes[child.node].kind.phrase), and has no members")
      }
      return write(copyOf: child, name: name, flattened: nil, batch)
    }
    writeName(name, batch)
    let place = batch.nodes.count
    try writeObject(child.node, edit, cells, batch)
    batch.nodes[place].key = key(name)
  }

  /// A member that the record does not have, where a value for it is there.
  private func writeNew(_ member: RecordEdit.Member, _ cells: [Node], _ batch: Batch) throws(CellProblem) {
    if case .set(let cell) = member.edit.change {
      if cells[cell].kind != .absent { write(member.name, cells[cell], batch) }
    } else if member.edit.hasValue(cells) {
      writeName(member.name, batch)
      let place = batch.nodes.count
      try writeObject(nil, member.edit, cells, batch)
      batch.nodes[place].key = key(member.name)
    }
  }

  private func checkRenames(
    to name: String, _ edit: RecordEdit, _ source: Int?, _ batch: Batch
  ) throws(CellProblem) {
    for member in edit.members {
      guard case .rename(let newName) = member.edit.change, newName == name, let source,
        batch.children(of: source).contains(where: { batch.name(of: $0) == member.name })
      else { continue }
      throw CellProblem(
        code: "transform.name_taken", message: "`\(member.name)` cannot become `\(name)`: the record has one already")
    }
  }

  /// The members of an object under longer names; anything else as it is.
  private func flatten(_ child: Batch.Child, _ name: String, _ separator: String, _ batch: Batch) {
    guard batch.nodes[child.node].kind == .object, !batch.nodes[child.node].flags.contains(.textOnly) else {
      return write(copyOf: child, name: name, flattened: nil, batch)
    }
    for inner in batch.children(of: child.node) {
      flatten(inner, name + separator + batch.name(of: inner), separator, batch)
    }
  }

  // MARK: Values

  private func write(copyOf child: Batch.Child, name: String, flattened: RecordEdit.Change?, _ batch: Batch) {
    if case .flatten(let separator) = flattened { return flatten(child, name, separator, batch) }
    writeName(name, batch)
    copy(child.node, key: key(name), batch)
  }

  private func write(_ name: String, _ cell: Node, _ batch: Batch) {
    writeName(name, batch)
    if cell.flags.contains(.textOnly) {
      write((try? Value(json: batch.raw(cell))) ?? .null, key: key(name), batch)
    } else if cell.kind == .object || cell.kind == .array {
      copy(Int(cell.next), key: key(name), batch)
    } else {
      append(cell, key: key(name), batch)
    }
  }

  private func append(_ cell: Node, key: UInt16, _ batch: Batch) {
    var node = cell
    node.key = key
    node.next = UInt32(batch.nodes.count + 1)
    batch.nodes.append(node)
  }

  /// Appends a value with all that is in it.
  private func copy(_ index: Int, key: UInt16, _ batch: Batch) {
    let start = batch.nodes.count
    let count = max(1, Int(batch.nodes[index].next) - index)
    batch.nodes.reserve(count)
    for place in index..<index + count {
      var node = batch.nodes[place]
      node.next = UInt32(truncatingIfNeeded: Int(node.next) - index + start)
      batch.nodes.append(node)
    }
    batch.nodes[start].key = key
  }

  /// Appends a value that an expression made.
  private func write(_ value: Value, key: UInt16, _ batch: Batch) {
    switch value {
    case .object(let members):
      let header = batch.nodes.count
      batch.nodes.append(Node(.object, flags: .plain, key: key))
      for member in members {
        writeName(member.name, batch)
        write(member.value, key: self.key(member.name), batch)
      }
      batch.nodes[header].next = UInt32(batch.nodes.count)
    case .array(let items):
      let header = batch.nodes.count
      batch.nodes.append(Node(.array, flags: .plain, key: key))
      for item in items { write(item, key: 0, batch) }
      batch.nodes[header].next = UInt32(batch.nodes.count)
    default:
      var pool = ConstantPool([value])
      pool.place(in: batch)
      append(pool[0], key: key, batch)
    }
  }

  // MARK: Names

  private func key(_ name: String) -> UInt16 { ids[name] ?? KeyTable.overflow }

  /// The name's text, where it has no id.
  private func writeName(_ name: String, _ batch: Batch) {
    guard ids[name] == nil else { return }
    var text = ByteBuffer()
    var plain = name
    plain.withUTF8 { JSONText.escape(UnsafeRawBufferPointer($0), into: &text) }
    var node = Node(.keyText)
    CellText.set(&node, to: text.bytes, in: batch)
    if text.count != name.utf8.count { node.flags.insert(.escaped) }
    node.next = UInt32(batch.nodes.count + 1)
    batch.nodes.append(node)
  }
}

extension RecordEdit {
  /// Whether one of the values that it sets is there.
  fileprivate func hasValue(_ cells: [Node]) -> Bool {
    if case .set(let cell) = change { return cells[cell].kind != .absent }
    return members.contains { $0.edit.hasValue(cells) }
  }
}
