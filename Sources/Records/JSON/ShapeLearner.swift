import CScan

/// Takes a record that was read apart into the pieces between its values, and adds them to a ``ShapeTable``.
struct ShapeLearner {
  private let batch: Batch
  private let range: Range<Int>
  private let root: Int
  /// Where the piece at hand begins, in the batch's bytes.
  private var start: Int
  /// The containers that are open, innermost last.
  private var open: [Int] = []
  private var brackets: [json_bracket] = []

  /// - Parameter range: the record's bytes, white space around it included.
  init(_ batch: Batch, _ range: Range<Int>, root: Int) {
    self.batch = batch
    self.range = range
    self.root = root
    start = range.lowerBound
  }

  /// - Returns: the record's shape; 0 where it gets none.
  consuming func learn(into table: inout ShapeTable) -> UInt16 {
    let end = Int(batch.nodes[root].next)
    guard batch.nodes[root].kind == .object, end - root <= ShapeTable.nodesMax else { return 0 }
    var state: UInt32 = 0
    for index in root..<end {
      let node = batch.nodes[index]
      closeContainers(before: index)
      switch node.kind {
      case .object, .array: openContainer(index, node)
      // A name without an id is no part of a shape.
      case .keyText: return 0
      default:
        let isText = node.kind == .string
        let piece = start..<Int(node.offset) - (isText ? 1 : 0)
        let word = Node.word(key: node.key, next: UInt32(index - root) + 1)
        guard let next = add(piece, behind: state, to: &table, word: word, isEnd: false) else { return 0 }
        state = next
        start = Int(node.offset) + Int(node.length) + (isText ? 1 : 0)
      }
    }
    closeContainers(before: end)
    let piece = start..<range.upperBound
    let word = Node.word(key: 0, next: UInt32(end - root))
    guard let last = add(piece, behind: state, to: &table, word: word, isEnd: true) else { return 0 }
    return table.states[Int(last)].shape
  }

  private mutating func openContainer(_ index: Int, _ node: Node) {
    brackets.append(
      json_bracket(
        word: Node.word(key: node.key, next: 0) | UInt64(node.kind.rawValue), node: UInt32(index - root), next: 0,
        offset: UInt32(Int(node.offset) - start), is_last: false))
    open.append(index)
  }

  /// Closes the containers that have no node from `index` on.
  private mutating func closeContainers(before index: Int) {
    while let last = open.last, Int(batch.nodes[last].next) <= index {
      let node = batch.nodes[last]
      brackets.append(
        json_bracket(
          word: 0, node: UInt32(last - root), next: UInt32(Int(node.next) - root),
          offset: UInt32(Int(node.offset) + Int(node.length) - 1 - start), is_last: false))
      open.removeLast()
    }
  }

  /// - Parameter word: of the value's node.
  private mutating func add(
    _ piece: Range<Int>, behind state: UInt32, to table: inout ShapeTable, word: UInt64, isEnd: Bool
  ) -> UInt32? {
    let details = ShapeTable.Details(word: word, brackets: brackets, isEnd: isEnd)
    brackets.removeAll(keepingCapacity: true)
    return table.state(behind: state, UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[piece]), details)
  }
}
