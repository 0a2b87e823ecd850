import Records

extension Batch {
  /// The JSON pointer from one node to another below it.
  package func pointer(to node: Int, from root: Int) -> String {
    path(to: node, from: root).map { "/\(JSONPointer.escaped($0))" }.joined()
  }

  /// The names and positions that lead from one node to another below it.
  package func path(to node: Int, from root: Int) -> [String] {
    var path: [String] = []
    var container = root
    while container != node {
      let children = children(of: container)
      guard let place = children.lastIndex(where: { $0.node <= node }), Int(nodes[children[place].node].next) > node
      else {
        return path
      }
      path.append(nodes[container].kind == .object ? name(of: children[place]) : "\(place)")
      container = children[place].node
    }
    return path
  }

  /// The node that a JSON pointer leads to, from another; of members of one name the last. nil where there is none.
  package func node(at pointer: String, from root: Int) -> Int? {
    guard let tokens = JSONPointer.tokens(pointer) else { return nil }
    var node = root
    for token in tokens {
      let children = children(of: node)
      let next =
        nodes[node].kind == .object
        ? children.last { name(of: $0).utf8.elementsEqual(token.utf8) }
        : Int(token).flatMap { children.indices.contains($0) ? children[$0] : nil }
      guard let next else { return nil }
      node = next.node
    }
    return node
  }
}
