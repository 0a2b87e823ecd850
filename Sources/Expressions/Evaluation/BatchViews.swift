import Records

/// What a frame knows of the batch that it looks into: where its nodes and bytes lie, and the ids of names.
///
/// Plain memory behind a pointer, so that reading it costs neither reference counting nor exclusivity checks. It is set
/// by ``Frame/attach(_:)`` before each evaluation, because mapping appends to the batch between evaluations and may move
/// its memory; within one evaluation nothing is appended.
struct BatchMemory {
  var nodes: UnsafePointer<Node>
  var bytes: UnsafePointer<UInt8>
  unowned(unsafe) var batch: Batch
}

/// A text in the bytes of a batch, without JSON escapes.
///
/// Looks into the memory that its frame is attached to, and is valid until that frame's next evaluation: what leaves an
/// evaluation is ``CELValue/detached`` or written into the batch at once.
package struct BatchText: @unchecked Sendable {
  private let memory: UnsafePointer<BatchMemory>
  package let offset: UInt32
  package let length: UInt32

  init(_ memory: UnsafePointer<BatchMemory>, _ node: Node) {
    self.memory = memory
    offset = node.offset
    length = node.length
  }

  @inline(__always)
  var count: Int { Int(length) }

  @inline(__always)
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.pointee.bytes + Int(offset), count: Int(length))
  }

  package var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// An array or object of a batch; the same holds for its life as for ``BatchText``.
package struct BatchNode: @unchecked Sendable {
  private let memory: UnsafePointer<BatchMemory>
  package let index: UInt32

  init(_ memory: UnsafePointer<BatchMemory>, _ index: UInt32) {
    self.memory = memory
    self.index = index
  }

  private var nodes: UnsafePointer<Node> { memory.pointee.nodes }
  var weight: Int { Int(nodes[Int(index)].next) - Int(index) }

  /// Calls `body` with the node index of each child and of its key's text, where that is a node; ends when it is false.
  @inline(__always)
  private func forEachChild(_ body: (_ child: Int, _ keyText: Int) -> Bool) {
    let nodes = self.nodes
    var child = Int(index) + 1
    let end = Int(nodes[Int(index)].next)
    while child < end {
      var keyText = -1
      if nodes[child].kind == .keyText {
        keyText = child
        child += 1
      }
      guard body(child, keyText) else { return }
      child = Int(nodes[child].next)
    }
  }

  /// The number of children; members of one name count once each.
  var count: Int {
    var count = 0
    forEachChild { _, _ in
      count += 1
      return true
    }
    return count
  }

  func element(at wanted: Int) -> CELValue? {
    var place = 0
    var found = -1
    forEachChild { child, _ in
      if place == wanted { found = child }
      place += 1
      return found < 0
    }
    return value(found)
  }

  var elements: [CELValue] {
    var elements: [CELValue] = []
    var cursor = self.cursor
    while let element = cursor.next() { elements.append(element) }
    return elements
  }

  /// Goes over the elements of an array.
  struct Cursor {
    fileprivate let memory: UnsafePointer<BatchMemory>
    fileprivate var child: Int
    fileprivate let end: Int
    /// How many elements were given.
    private(set) var count: Int64 = 0

    mutating func next() -> CELValue? {
      guard child < end else { return nil }
      defer { child = Int(memory.pointee.nodes[child].next) }
      count += 1
      return CELValue(memory, child)
    }
  }

  var cursor: Cursor { Cursor(memory: memory, child: Int(index) + 1, end: Int(nodes[Int(index)].next)) }

  /// The value of a member whose key has the id `key`, or no id and this name; of several with one name the last.
  func member(_ name: String, key: UInt16) -> CELValue? {
    let nodes = self.nodes
    var found = -1
    forEachChild { child, keyText in
      if keyText < 0 ? nodes[child].key == key : self.name(child, keyText).hasSameCodePoints(as: name) { found = child }
      return true
    }
    return value(found)
  }

  /// The value of a member by a name that was computed.
  func member(_ name: String) -> CELValue? {
    var found = -1
    forEachChild { child, keyText in
      if self.name(child, keyText).hasSameCodePoints(as: name) { found = child }
      return true
    }
    return value(found)
  }

  private func value(_ child: Int) -> CELValue? { child < 0 ? nil : CELValue(memory, child) }

  private func name(_ child: Int, _ keyText: Int) -> String {
    let batch = memory.pointee.batch
    return keyText < 0 ? batch.keys[nodes[child].key] : batch.text(nodes[keyText])
  }

  /// An independent map of the members; of several with one name the last stands, in the first's place.
  var map: CELMap {
    var builder = MapBuilder()
    forEachChild { child, keyText in
      // Text is always allowed as a key, so this cannot throw.
      try? builder.set(.string(name(child, keyText)), CELValue(memory, child))
      return true
    }
    return builder.map
  }
}

extension CELValue {
  /// The value at a node: a number is read, text and containers stay where they are.
  init(_ memory: UnsafePointer<BatchMemory>, _ index: Int) {
    self.init(memory, memory.pointee.nodes[index], UInt32(truncatingIfNeeded: index))
  }

  /// The value of a node or cell.
  ///
  /// - Parameter index: where the node stands, for containers.
  @inline(__always)
  init(_ memory: UnsafePointer<BatchMemory>, _ node: Node, _ index: UInt32) {
    switch node.kind {
    case .string where !node.flags.contains(.escaped) && !node.flags.contains(.typed):
      self = .slice(BatchText(memory, node))
    case .integer where !node.flags.contains(.typed): self = Self.integer(memory, node)
    case .number where !node.flags.contains(.typed): self = NumberText.double(Self.raw(memory, node))
    case .integer, .number: self = Self.typed(memory, node)
    case .string where node.flags.contains(.typed): self = Self.typed(memory, node)
    case .array: self = .array(BatchNode(memory, index))
    case .object: self = .object(BatchNode(memory, index))
    case .false: self = .bool(false)
    case .true: self = .bool(true)
    case .absent, .null, .keyText: self = .null
    case .string: self = .string(memory.pointee.batch.text(node))
    }
  }

  /// What the column's type says that the value is; one that it cannot be stays a text or a double.
  @inline(never)
  private static func typed(_ memory: UnsafePointer<BatchMemory>, _ node: Node) -> CELValue {
    let text = raw(memory, node)
    if node.kind == .string {
      if let time = Timestamp(text) { return .timestamp(time) }
      if let day = CivilDay(text) { return .date(CivilDate(days: Int32(truncatingIfNeeded: day.daysSince1970))) }
      return .slice(BatchText(memory, node))
    }
    return Decimal(text).map { .decimal($0) } ?? NumberText.double(text)
  }

  @inline(__always)
  private static func integer(_ memory: UnsafePointer<BatchMemory>, _ node: Node) -> CELValue {
    node.flags.contains(.inline) ? .int(node.inlineInteger) : NumberText.integer(raw(memory, node))
  }

  @inline(__always)
  private static func raw(_ memory: UnsafePointer<BatchMemory>, _ node: Node) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.pointee.bytes + Int(node.offset), count: Int(node.length))
  }
}
