import CScan

/// Why a text is no JSON, and where.
package struct JSONProblem: Error, Sendable, Equatable {
  package enum Reason: String, Sendable {
    case value = "a value was expected"
    case key = "a member's name in double quotes was expected"
    case colon = "':' was expected after a member's name"
    case commaOrBrace = "',' or '}' was expected after a member"
    case commaOrBracket = "',' or ']' was expected after an element"
    case number = "this is no JSON number"
    case control = "a control character stands in a string; it must be escaped"
    case unterminated = "the string has no closing quote"
    case escape = "this escape is not known to JSON"
    case surrogate = "a \\u escape is half of a surrogate pair"
    case invalidUTF8 = "the bytes are not UTF-8"
    case tooDeep = "values are nested too deep"
    case trailing = "there is more text after the value"
    case empty = "there is no value"
  }
  package var reason: Reason
  /// Where in the text, in bytes from its begin.
  package var offset: Int
}

/// Reads JSON (RFC 8259, strict) into nodes, in one pass, without an allocation a value.
///
/// The bytes behind the text are used as a sentinel while it is read: a zero there ends every scan, so the inner loops
/// check no bounds. This is the file to fuzz first.
package struct JSONReader: ~Copyable {
  /// The deepest nesting that is read, in containers.
  package static let nestingMax = 512

  let keys: KeyTable
  /// The open containers' node indices.
  private var stack = RawArray<UInt32>(capacity: JSONReader.nestingMax)

  package init(keys: KeyTable) {
    self.keys = keys
    stack.setCount(JSONReader.nestingMax)
  }

  /// Reads the one value in `range` of the bytes and appends its nodes.
  ///
  /// - Parameters:
  ///   - bytes: must be writable one byte behind `range`, which ``ByteBuffer``'s padding guarantees; it is put back.
  ///   - nodes: on an error it is as it was.
  /// - Returns: the index of the value's node.
  package mutating func read(
    _ bytes: borrowing ByteBuffer, _ range: Range<Int>, into nodes: inout RawArray<Node>
  ) throws(JSONProblem) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "range outside of the bytes")
    precondition(bytes.count < Int(UInt32.max), "a batch of 4 GiB or more")
    // One node needs two bytes of text at least (`1,`), or four with the text of its key.
    nodes.reserve(range.count / 2 + 2)
    let end = bytes.base + range.upperBound
    let kept = end.pointee
    end.pointee = 0
    defer { end.pointee = kept }
    let root = nodes.count
    let start = UnsafePointer(bytes.base) + range.lowerBound
    var cursor = Cursor(p: start, node: nodes.base + root, nodes: nodes.base, base: UnsafePointer(bytes.base))
    if let reason = scan(&cursor, end: UnsafePointer(end)) {
      throw JSONProblem(reason: reason, offset: min(max(cursor.p - start, 0), range.count))
    }
    nodes.setCount(cursor.node - nodes.base)
    return root
  }

  /// Where the scan stands: the next byte, and the next free node.
  private struct Cursor {
    var p: UnsafePointer<UInt8>
    var node: UnsafeMutablePointer<Node>
    let nodes: UnsafeMutablePointer<Node>
    let base: UnsafePointer<UInt8>
    /// The key of the value that comes next, and the last key that was read, for the prediction.
    var key: UInt16 = 0
    var lastKey: UInt16 = 0

    @inline(__always)
    var offset: UInt32 { UInt32(truncatingIfNeeded: p - base) }

    @inline(__always)
    mutating func skipSpace() {
      while p.pointee <= 0x20, p.pointee == 0x20 || p.pointee == 0x0a || p.pointee == 0x0d || p.pointee == 0x09 {
        p += 1
      }
    }

    @inline(__always)
    mutating func put(_ kind: Node.Kind, _ flags: Node.Flags = .none, from start: UInt32, length: UInt32) {
      let next = UInt32(truncatingIfNeeded: node - nodes) &+ 1
      node.initialize(to: Node(kind, flags: flags, key: key, next: next, offset: start, length: length))
      node += 1
    }
  }

  /// - Returns: nil when the whole text was one value.
  private mutating func scan(_ cursor: inout Cursor, end: UnsafePointer<UInt8>) -> JSONProblem.Reason? {
    var depth = 0
    let stack = stack.base
    cursor.skipSpace()
    if cursor.p == end { return .empty }
    value: while true {
      switch cursor.p.pointee {
      case UInt8(ascii: "\""):
        if let problem = string(&cursor, end: end) { return problem }
      case UInt8(ascii: "{"):
        if depth == Self.nestingMax { return .tooDeep }
        stack[depth] = UInt32(truncatingIfNeeded: cursor.node - cursor.nodes)
        cursor.put(.object, from: cursor.offset, length: 0)
        cursor.p += 1
        cursor.skipSpace()
        depth += 1
        if cursor.p.pointee != UInt8(ascii: "}") {
          if let problem = member(&cursor, end: end) { return problem }
          continue value
        }
      case UInt8(ascii: "["):
        if depth == Self.nestingMax { return .tooDeep }
        stack[depth] = UInt32(truncatingIfNeeded: cursor.node - cursor.nodes)
        cursor.put(.array, from: cursor.offset, length: 0)
        cursor.key = 0
        cursor.p += 1
        cursor.skipSpace()
        depth += 1
        if cursor.p.pointee != UInt8(ascii: "]") { continue value }
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        if let problem = number(&cursor) { return problem }
      case UInt8(ascii: "t"):
        guard word(&cursor, 0x6575_7274, length: 4, .true) else { return .value }
      case UInt8(ascii: "f"):
        guard cursor.p[4] == UInt8(ascii: "e"), word(&cursor, 0x736c_6166, length: 5, .false) else { return .value }
      case UInt8(ascii: "n"):
        guard word(&cursor, 0x6c6c_756e, length: 4, .null) else { return .value }
      default:
        return .value
      }
      // Behind a value, or right behind the bracket of an empty container.
      while true {
        if depth == 0 {
          cursor.skipSpace()
          return cursor.p == end ? nil : .trailing
        }
        cursor.skipSpace()
        let container = cursor.nodes + Int(stack[depth - 1])
        let isObject = container.pointee.kind == .object
        switch cursor.p.pointee {
        case UInt8(ascii: ","):
          cursor.p += 1
          cursor.skipSpace()
          if isObject {
            if let problem = member(&cursor, end: end) { return problem }
          } else {
            cursor.key = 0
          }
          continue value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
          cursor.p += 1
          container.pointee.next = UInt32(truncatingIfNeeded: cursor.node - cursor.nodes)
          container.pointee.length = cursor.offset &- container.pointee.offset
          depth -= 1
        default:
          return isObject ? .commaOrBrace : .commaOrBracket
        }
      }
    }
  }

  /// Reads a member's name and its colon, up to its value.
  @inline(__always)
  private func member(_ cursor: inout Cursor, end: UnsafePointer<UInt8>) -> JSONProblem.Reason? {
    guard cursor.p.pointee == UInt8(ascii: "\"") else { return .key }
    let predicted = keys.entries.base[Int(cursor.lastKey)].follower
    if predicted != 0, keys.matches(predicted, at: cursor.p + 1) {
      cursor.p += Int(keys.entries.base[Int(predicted)].length) + 2
      cursor.key = predicted
      cursor.lastKey = predicted
    } else if let problem = unpredictedKey(&cursor, end: end) {
      return problem
    }
    if cursor.p.pointee != UInt8(ascii: ":") {
      cursor.skipSpace()
      guard cursor.p.pointee == UInt8(ascii: ":") else { return .colon }
    }
    cursor.p += 1
    cursor.skipSpace()
    return nil
  }

  @inline(never)
  private func unpredictedKey(_ cursor: inout Cursor, end: UnsafePointer<UInt8>) -> JSONProblem.Reason? {
    let textStart = cursor.p + 1
    var flags = Node.Flags()
    cursor.p = textStart
    if let problem = text(&cursor.p, &flags, end: end) { return problem }
    let raw = UnsafeRawBufferPointer(start: textStart, count: cursor.p - textStart)
    cursor.p += 1
    let id: UInt16
    if flags.contains(.escaped) {
      var plain = ByteBuffer(capacity: raw.count)
      JSONText.unescape(raw, into: &plain)
      id = keys.id(of: plain.bytes)
    } else {
      id = keys.id(of: raw)
    }
    if id == KeyTable.overflow {
      cursor.key = 0
      cursor.put(
        .keyText, flags, from: UInt32(truncatingIfNeeded: textStart - cursor.base),
        length: UInt32(truncatingIfNeeded: raw.count))
    } else {
      keys.setFollower(of: cursor.lastKey, to: id)
      cursor.lastKey = id
    }
    cursor.key = id
    return nil
  }

  @inline(__always)
  private func string(_ cursor: inout Cursor, end: UnsafePointer<UInt8>) -> JSONProblem.Reason? {
    cursor.p += 1
    let start = cursor.offset
    var flags = Node.Flags()
    if let problem = text(&cursor.p, &flags, end: end) { return problem }
    cursor.put(.string, flags, from: start, length: cursor.offset &- start)
    cursor.p += 1
    return nil
  }

  /// Moves from behind the opening quote to the closing one.
  @inline(__always)
  private func text(
    _ p: inout UnsafePointer<UInt8>, _ flags: inout Node.Flags, end: UnsafePointer<UInt8>
  ) -> JSONProblem.Reason? {
    while true {
      let specials = scan_json_specials(p)
      if specials == 0 {
        p += 16
        continue
      }
      p += specials.trailingZeroBitCount
      if p.pointee == UInt8(ascii: "\"") { return nil }
      if let problem = special(&p, &flags, end: end) { return problem }
    }
  }

  /// Moves over an escape or a run of multi-byte characters.
  @inline(never)
  private func special(
    _ p: inout UnsafePointer<UInt8>, _ flags: inout Node.Flags, end: UnsafePointer<UInt8>
  ) -> JSONProblem.Reason? {
    if p.pointee >= 0x80 {
      flags.insert(.wide)
      while p.pointee >= 0x80 {
        let length = UTF8Check.length(at: p)
        if length == 0 { return .invalidUTF8 }
        p += length
      }
      return nil
    }
    guard p.pointee == UInt8(ascii: "\\") else { return p == end ? .unterminated : .control }
    flags.insert(.escaped)
    switch p[1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      p += 2
      return nil
    case UInt8(ascii: "u"):
      return unicodeEscape(&p, &flags)
    default:
      return p + 1 == end ? .unterminated : .escape
    }
  }

  private func unicodeEscape(_ p: inout UnsafePointer<UInt8>, _ flags: inout Node.Flags) -> JSONProblem.Reason? {
    guard let first = hex4(p + 2) else { return .escape }
    if first >= 0x80 { flags.insert(.wide) }
    guard (0xd800..<0xe000).contains(first) else {
      p += 6
      return nil
    }
    guard first < 0xdc00, p[6] == UInt8(ascii: "\\"), p[7] == UInt8(ascii: "u"), let second = hex4(p + 8),
      (0xdc00..<0xe000).contains(second)
    else { return .surrogate }
    p += 12
    return nil
  }

  private func hex4(_ p: UnsafePointer<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for index in 0..<4 {
      guard let digit = JSONText.hexDigit(p[index]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  @inline(__always)
  private func number(_ cursor: inout Cursor) -> JSONProblem.Reason? {
    let start = cursor.offset
    var kind = Node.Kind.integer
    var p = cursor.p
    defer { cursor.p = p }
    if p.pointee == UInt8(ascii: "-") { p += 1 }
    if p.pointee == UInt8(ascii: "0") {
      p += 1
    } else {
      guard Self.digits(&p) else { return .number }
    }
    if p.pointee == UInt8(ascii: ".") {
      kind = .number
      p += 1
      guard Self.digits(&p) else { return .number }
    }
    if p.pointee | 0x20 == UInt8(ascii: "e") {
      kind = .number
      p += 1
      if p.pointee == UInt8(ascii: "+") || p.pointee == UInt8(ascii: "-") { p += 1 }
      guard Self.digits(&p) else { return .number }
    }
    cursor.put(kind, from: start, length: UInt32(truncatingIfNeeded: p - cursor.base) &- start)
    return nil
  }

  /// Moves over digits; false where there is none.
  @inline(__always)
  private static func digits(_ p: inout UnsafePointer<UInt8>) -> Bool {
    guard p.pointee &- UInt8(ascii: "0") < 10 else { return false }
    repeat { p += 1 } while p.pointee &- UInt8(ascii: "0") < 10
    return true
  }

  @inline(__always)
  private func word(_ cursor: inout Cursor, _ text: UInt32, length: Int, _ kind: Node.Kind) -> Bool {
    guard UnsafeRawPointer(cursor.p).loadUnaligned(as: UInt32.self).littleEndian == text else { return false }
    cursor.put(kind, from: cursor.offset, length: UInt32(length))
    cursor.p += length
    return true
  }
}
