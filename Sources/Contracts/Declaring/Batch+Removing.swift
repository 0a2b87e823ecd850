import Records

extension Batch {
  /// Copies a value without some of the members below it.
  ///
  /// - Parameter removed: the nodes of the members' values, ascending.
  /// - Returns: the node of the copy.
  package func copy(_ node: Int, without removed: [Int]) -> Int {
    let copy = nodes.count
    append(node, without: removed[...])
    return copy
  }

  private func append(_ node: Int, without removed: ArraySlice<Int>) {
    let original = nodes[node]
    let end = Int(original.next)
    let inside = removed.drop { $0 <= node }.prefix { $0 < end }
    guard !inside.isEmpty else { return appendAll(node..<end) }
    let copy = nodes.count
    nodes.append(original)
    // Its text still holds what is removed, so it is written member by member.
    nodes.base[copy].flags.insert(.plain)
    for child in children(of: node) where !inside.contains(child.node) {
      if let keyText = child.keyText { appendAll(keyText..<keyText + 1) }
      append(child.node, without: inside)
    }
    nodes.base[copy].next = UInt32(nodes.count)
  }

  /// Copies nodes as they are; where each ends moves with it.
  private func appendAll(_ range: Range<Int>) {
    let distance = nodes.count - range.lowerBound
    for index in range {
      var node = nodes[index]
      node.next = UInt32(Int(node.next) + distance)
      nodes.append(node)
    }
  }
}
