import Records

/// Finds the fields for the members of records that are passed on whole.
struct RestMembers {
  private let layout: RowLayout
  private var table = -1
  /// For each key id its field; -1 where it is not passed on, -2 where there is none.
  private var places: [Int] = []

  init(_ layout: RowLayout) { self.layout = layout }

  /// - Returns: the name of a member without a column.
  mutating func fill(_ cells: inout RawArray<Node>, _ record: UInt32, _ batch: Batch) -> String? {
    if batch.keys.table != table || places.count < batch.keys.names.count { learn(batch.keys) }
    var unknown: String?
    let end = batch.nodes[Int(record)].next
    var child = record + 1
    while child < end {
      var name: UInt32?
      if batch.nodes[Int(child)].kind == .keyText {
        name = child
        child += 1
      }
      var cell = batch.nodes[Int(child)]
      let place = name.map { self.place(batch.text(batch.nodes[Int($0)])) } ?? places[Int(cell.key)]
      let next = cell.next
      if place >= 0 {
        cell.next = child
        cells[place] = cell
      } else if place == -2 {
        unknown = unknown ?? name.map { batch.text(batch.nodes[Int($0)]) } ?? batch.keys[cell.key]
      }
      child = next
    }
    return unknown
  }

  private mutating func learn(_ keys: KeyNames) {
    if keys.table != table { places.removeAll() }
    table = keys.table
    for name in keys.names[places.count...] { places.append(place(name)) }
  }

  private func place(_ name: String) -> Int {
    if layout.excluded.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return -1 }
    let found = layout.fields[layout.named...].firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    return found ?? -2
  }
}
