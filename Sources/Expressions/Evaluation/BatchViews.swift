import Records

/// A text in the bytes of a batch, without JSON escapes.
///
/// Holds the batch without counting references, which would cost more than most operations on it. That is sound because
/// such a value only lives while its record is evaluated: the lane that runs the expression holds the batch for that
/// long, and what leaves an evaluation is ``CELValue/detached`` or written into the batch itself. It holds an offset and
/// no pointer, because the bytes move when mapping appends to them.
package struct BatchText: @unchecked Sendable {
  unowned(unsafe) let batch: Batch
  let offset: UInt32
  let length: UInt32

  init(_ batch: Batch, _ node: Node) {
    self.batch = batch
    offset = node.offset
    length = node.length
  }

  @inline(__always)
  var count: Int { Int(length) }

  @inline(__always)
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: batch.bytes.base + Int(offset), count: Int(length))
  }

  package var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// An array or object of a batch; the same holds for its life as for ``BatchText``.
package struct BatchNode: @unchecked Sendable {
  unowned(unsafe) let batch: Batch
  let index: UInt32

  package init(_ batch: Batch, _ index: Int) {
    self.batch = batch
    self.index = UInt32(truncatingIfNeeded: index)
  }

  private var node: Node { batch.nodes.base[Int(index)] }
  var weight: Int { Int(node.next) - Int(index) }

  /// Calls `body` with the node index of each child and of its key's text, where that is a node; ends when it is false.
  @inline(__always)
  func forEachChild(_ body: (_ child: Int, _ keyText: Int) -> Bool) {
    let nodes = batch.nodes.base
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
    var found: CELValue?
    forEachChild { child, _ in
      if place == wanted { found = CELValue(batch, child) }
      place += 1
      return found == nil
    }
    return found
  }

  var elements: [CELValue] {
    var elements: [CELValue] = []
    forEachChild { child, _ in
      elements.append(CELValue(batch, child))
      return true
    }
    return elements
  }

  /// The value of a member; of several with one name the last.
  func member(_ name: String) -> CELValue? {
    var found = -1
    forEachChild { child, keyText in
      if hasName(name, child, keyText) { found = child }
      return true
    }
    return found < 0 ? nil : CELValue(batch, found)
  }

  private func hasName(_ wanted: String, _ child: Int, _ keyText: Int) -> Bool {
    name(child, keyText).hasSameCodePoints(as: wanted)
  }

  private func name(_ child: Int, _ keyText: Int) -> String {
    keyText < 0 ? batch.keys[batch.nodes.base[child].key] : batch.text(batch.nodes.base[keyText])
  }

  /// An independent map with everything in it; of several members with one name the last stands, in the first's place.
  var map: CELMap {
    var builder = MapBuilder()
    forEachChild { child, keyText in
      // Text is always allowed as a key, so this cannot throw.
      try? builder.set(.string(name(child, keyText)), CELValue(batch, child))
      return true
    }
    return builder.map
  }
}

extension CELValue {
  /// The value at a node: a number is read, text and containers stay where they are.
  package init(_ batch: Batch, _ index: Int) {
    let node = batch.nodes.base[index]
    switch node.kind {
    case .absent, .null, .keyText: self = .null
    case .false: self = .bool(false)
    case .true: self = .bool(true)
    case .integer: self = node.flags.contains(.inline) ? .int(node.inlineInteger) : NumberText.integer(batch.raw(node))
    case .number: self = NumberText.double(batch.raw(node))
    case .string: self = node.flags.contains(.escaped) ? .string(batch.text(node)) : .slice(BatchText(batch, node))
    case .array: self = .array(BatchNode(batch, index))
    case .object: self = .object(BatchNode(batch, index))
    }
  }
}
