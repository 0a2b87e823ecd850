/// Finds a circle in a graph, depth first and without recursion.
enum InPlaceLoop {
  private enum Mark { case new, open, done }

  /// A node on a circle; nil where there is none.
  static func find(_ edges: [[Int]]) -> Int? {
    var marks = [Mark](repeating: .new, count: edges.count)
    for start in edges.indices where marks[start] == .new {
      if let found = search(from: start, edges, &marks) { return found }
    }
    return nil
  }

  private static func search(from start: Int, _ edges: [[Int]], _ marks: inout [Mark]) -> Int? {
    var stack = [(node: start, next: 0)]
    marks[start] = .open
    while let top = stack.last {
      guard top.next < edges[top.node].count else {
        marks[top.node] = .done
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].next += 1
      let target = edges[top.node][top.next]
      switch marks[target] {
      case .open: return target
      case .new:
        marks[target] = .open
        stack.append((target, 0))
      case .done: break
      }
    }
    return nil
  }
}
