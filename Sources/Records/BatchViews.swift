import Glibc

/// Safe looks into a batch, for everything off the hot path: messages, dead letters, dry runs, tests.
extension Batch {
  /// The raw text of a node or cell. Valid until the batch's bytes change.
  @inlinable public func raw(_ node: Node) -> UnsafeRawBufferPointer {
    let start = Int(node.offset)
    let end = start + Int(node.length)
    precondition(end <= bytes.count, "a node points outside of its batch")
    return UnsafeRawBufferPointer(rebasing: bytes.bytes[start..<end])
  }

  /// A member of an object or an element of an array.
  public struct Child: Sendable {
    /// Its node index.
    public var node: Int
    /// The index of the node with its name's text, for names without an id.
    public var keyText: Int?
  }

  /// The children of the container at `index`, in order; none of another value.
  public func children(of index: Int) -> [Child] {
    var found: [Child] = []
    eachChild(of: index) { found.append($0) }
    return found
  }

  /// The node of a member of the object at `index`, the last of several; nil where it has none of that name.
  public func member(_ name: String, of index: Int) -> Int? {
    var found: Int?
    eachChild(of: index) { child in
      if self.name(of: child).utf8.elementsEqual(name.utf8) { found = child.node }
    }
    return found
  }

  @inline(__always)
  private func eachChild(of index: Int, _ body: (Child) -> Void) {
    let container = nodes[index]
    guard container.kind == .object || container.kind == .array else { return }
    var child = index + 1
    while child < Int(container.next) {
      var keyText: Int?
      if nodes[child].kind == .keyText {
        keyText = child
        child += 1
      }
      body(Child(node: child, keyText: keyText))
      child = Int(nodes[child].next)
    }
  }

  /// The name of a member.
  public func name(of child: Child) -> String {
    guard let keyText = child.keyText else { return keys[nodes[child.node].key] }
    return text(nodes[keyText])
  }

  /// The text of a string's or number's node, without escapes.
  public func text(_ node: Node) -> String {
    if node.flags.contains(.inline) { return "\(node.inlineInteger)" }
    guard node.flags.contains(.escaped) else { return String(decoding: raw(node), as: UTF8.self) }
    var plain = ByteBuffer(capacity: Int(node.length))
    JSONText.unescape(raw(node), into: &plain)
    return plain.text
  }

  /// The value at a node index.
  public func value(at index: Int) -> Value {
    var cell = nodes[index]
    cell.next = UInt32(index)
    return value(of: cell)
  }

  /// The value of a cell; nil where it is left out.
  public func value(ofCell cell: Node) -> Value? {
    // Not `nil`: it stands for ``Value/null`` too.
    cell.kind == .absent ? Value?.none : value(of: cell)
  }

  private func value(of cell: Node) -> Value {
    if cell.flags.contains(.textOnly) { return (try? Value(json: raw(cell))) ?? .null }
    return switch cell.kind {
    case .absent, .null, .keyText: .null
    case .true: .bool(true)
    case .false: .bool(false)
    case .integer, .number: Value(numberText: text(cell))
    case .string: .string(text(cell))
    case .array: .array(children(of: Int(cell.next)).map { value(at: $0.node) })
    case .object: objectValue(at: Int(cell.next))
    }
  }

  private func objectValue(at index: Int) -> Value {
    .object(children(of: index).map { Value.Member(name(of: $0), value(at: $0.node)) })
  }

  /// The value at a node index as compact JSON.
  public func json(at index: Int) -> String {
    var out = ByteBuffer()
    NodeJSON.append(node: index, of: self, to: &out)
    return out.text
  }

  /// The table that an event is about; nil where the source has none.
  public func table(of event: Event) -> SourceTable? {
    guard let tables = tables?.tables, Int(event.table) < tables.count else { return nil }
    return tables[Int(event.table)]
  }

  /// The raw text of an event, as it was read; bytes that are not UTF-8 become U+FFFD.
  public func rawText(of event: Event) -> String {
    let start = Int(event.offset)
    return String(decoding: bytes.bytes[start..<start + Int(event.length)], as: UTF8.self)
  }

  /// The line of an event in its origin, counted from 1; nil where there are no lines.
  public func line(of event: Event) -> UInt64? { origin.line.map { $0 + UInt64(event.line) } }

  /// The place of an event's first byte in its origin; nil where there is no such thing.
  public func offset(of event: Event) -> UInt64? { origin.offset.map { $0 + UInt64(event.offset) } }
}

extension Batch {
  /// An event's identity, the same on every replay: the origin and the place of its first byte in it, unless the source
  /// gives it an id of its own in `meta`. A row of a table has its key instead, or a digest of what was read of it.
  public func eventID(_ event: Event) -> String {
    var id = ByteBuffer()
    appendEventID(event, to: &id)
    return id.text
  }

  /// Appends what ``eventID(_:)`` gives.
  public func appendEventID(_ event: Event, to out: inout ByteBuffer) {
    if event.meta != Event.none, let own = member("event_id", of: Int(event.meta)), nodes[own].kind == .string {
      return out.append(text(nodes[own]))
    }
    out.append(origin.name)
    if let offset = offset(of: event) {
      out.append(UInt8(ascii: ":"))
      NodeJSON.appendInteger(Int64(clamping: offset), to: &out)
    } else if tables == nil {
      out.append(UInt8(ascii: "#"))
      NodeJSON.appendInteger(Int64(event.offset), to: &out)
    } else if event.key != Event.none {
      out.append(UInt8(ascii: ":"))
      out.append(json(at: Int(event.key)))
    } else {
      let start = Int(event.offset)
      out.append(UInt8(ascii: "#"))
      out.append(SHA256.hex(bytes.bytes[start..<start + Int(event.length)], bytes: 8))
    }
  }
}

/// Bytes compared as bytes: equality and order of code points, as UTF-8 has them.
public enum RawText {
  @inline(__always)
  public static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count else { return false }
    guard let x = a.baseAddress, let y = b.baseAddress else { return true }
    return memcmp(x, y, a.count) == 0
  }

  /// Negative, zero or positive, as `a` comes before, with or after `b`.
  public static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    guard let x = a.baseAddress, let y = b.baseAddress else { return a.count - b.count }
    let order = memcmp(x, y, min(a.count, b.count))
    return order != 0 ? Int(order) : a.count - b.count
  }

  /// FNV-1a over eight bytes at a time, not negative: for tables of names that come from a schema and whose number is
  /// bounded, where speed counts more than resistance.
  public static func hash(_ text: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(text.count)
    var index = 0
    while index + 8 <= text.count {
      hash = (hash ^ text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x9e37_79b9_7f4a_7c15
      hash ^= hash >> 29
      index += 8
    }
    var tail: UInt64 = 0
    while index < text.count {
      tail = tail << 8 | UInt64(text[index])
      index += 1
    }
    hash = (hash ^ tail) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & 0x7fff_ffff)
  }
}
