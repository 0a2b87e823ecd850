import CScan

/// Why a text is no JSON, and where.
public struct JSONProblem: Error, Sendable, Equatable {
  public enum Reason: String, Sendable {
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
  public var reason: Reason
  /// Where in the text, in bytes from its begin.
  public var offset: Int
}

/// Reads JSON (RFC 8259, strict) into nodes, in one pass, without an allocation a value.
///
/// The bytes behind the text are used as a sentinel while it is read: a zero there ends every scan, so the inner loops
/// check no bounds. This is the file to fuzz first.
public struct JSONReader: ~Copyable {
  /// The deepest nesting that is read, in containers.
  public static let nestingMax = 512

  let keys: KeyTable
  /// The open containers' node indices.
  private var stack = RawArray<UInt32>(capacity: JSONReader.nestingMax)

  public init(keys: KeyTable) {
    self.keys = keys
    stack.setCount(JSONReader.nestingMax)
  }

  /// Reads the one value in `range` of the bytes and appends its nodes.
  ///
  /// - Parameters:
  ///   - bytes: must be writable one byte behind `range`, which ``ByteBuffer``'s padding guarantees; it is put back.
  ///   - nodes: on an error it is as it was.
  /// - Returns: the index of the value's node.
  public mutating func read(
    _ bytes: borrowing ByteBuffer, _ range: Range<Int>, into nodes: inout RawArray<Node>
  ) throws(JSONProblem) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "range outside of the bytes")
    precondition(bytes.count < Int(UInt32.max), "a batch of 4 GiB or more")
    // A node needs two bytes of text at least (`1,` or `[]`), or five with the text of its key (`"":1,`); only
    // containers that are not closed take one.
    nodes.reserve(range.count / 2 + Self.nestingMax + 2)
    let end = bytes.base + range.upperBound
    let kept = end.pointee
    end.pointee = 0
    defer { end.pointee = kept }
    let root = nodes.count
    let base = UnsafePointer(bytes.base)
    let start = base + range.lowerBound
    var scan = Scan(keys: keys, base: base, nodes: nodes.base, stack: stack.base, end: UnsafePointer(end))
    var p = start
    var node = nodes.base + root
    if let reason = scan.value(&p, &node) {
      throw JSONProblem(reason: reason, offset: min(max(p - start, 0), range.count))
    }
    nodes.setCount(node - nodes.base)
    return root
  }
}

/// One reading of one text. What changes with every byte (`p`, the next byte; `node`, the next free node) is passed
/// around and not kept here, so that it stays in registers.
private struct Scan {
  let keys: KeyTable
  let base: UnsafePointer<UInt8>
  let nodes: UnsafeMutablePointer<Node>
  /// The open containers: node index, and in the highest bit whether it is an object.
  let stack: UnsafeMutablePointer<UInt32>
  let end: UnsafePointer<UInt8>
  /// The last key that was read, for the prediction of the next.
  var lastKey: UInt16 = 0

  private static let objectBit: UInt32 = 1 << 31

  @inline(__always)
  private func put(
    _ node: inout UnsafeMutablePointer<Node>, _ kind: Node.Kind, _ flags: Node.Flags = .none, key: UInt16,
    from start: UnsafePointer<UInt8>, to end: UnsafePointer<UInt8>
  ) {
    let next = UInt32(truncatingIfNeeded: node - nodes) &+ 1
    node.initialize(
      to: Node(
        kind, flags: flags, key: key, next: next, offset: UInt32(truncatingIfNeeded: start - base),
        length: UInt32(truncatingIfNeeded: end - start)))
    node += 1
  }

  @inline(__always)
  private static func skipSpace(_ p: inout UnsafePointer<UInt8>) {
    while p.pointee <= 0x20, p.pointee == 0x20 || p.pointee == 0x0a || p.pointee == 0x0d || p.pointee == 0x09 { p += 1 }
  }

  /// - Returns: nil when the whole text was one value.
  mutating func value(
    _ place: inout UnsafePointer<UInt8>, _ free: inout UnsafeMutablePointer<Node>
  ) -> JSONProblem.Reason? {
    var p = place
    var node = free
    var depth = 0
    var key: UInt16 = 0
    var isObject = false
    defer {
      place = p
      free = node
    }
    Self.skipSpace(&p)
    if p == end { return .empty }
    value: while true {
      switch p.pointee {
      case UInt8(ascii: "\""):
        var flags = Node.Flags.none
        let start = p + 1
        p = start
        if let problem = text(&p, &flags) { return problem }
        put(&node, .string, flags, key: key, from: start, to: p)
        p += 1
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let start = p
        guard let kind = scalar(&p, json_number) else { return .number }
        put(&node, kind, key: key, from: start, to: p)
      case UInt8(ascii: "{"):
        if depth == JSONReader.nestingMax { return .tooDeep }
        stack[depth] = UInt32(truncatingIfNeeded: node - nodes) | Self.objectBit
        put(&node, .object, key: key, from: p, to: p)
        p += 1
        Self.skipSpace(&p)
        depth += 1
        isObject = true
        if p.pointee != UInt8(ascii: "}") {
          if let problem = member(&p, &node, &key) { return problem }
          continue value
        }
      case UInt8(ascii: "["):
        if depth == JSONReader.nestingMax { return .tooDeep }
        stack[depth] = UInt32(truncatingIfNeeded: node - nodes)
        put(&node, .array, key: key, from: p, to: p)
        p += 1
        Self.skipSpace(&p)
        depth += 1
        isObject = false
        key = 0
        if p.pointee != UInt8(ascii: "]") { continue value }
      case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
        let start = p
        guard let kind = scalar(&p, json_word) else { return .value }
        put(&node, kind, key: key, from: start, to: p)
      default:
        return .value
      }
      // Behind a value, or right behind the bracket of an empty container.
      while true {
        if p.pointee <= 0x20 { Self.skipSpace(&p) }
        if depth == 0 { return p == end ? nil : .trailing }
        if p.pointee == UInt8(ascii: ",") {
          p += 1
          if p.pointee <= 0x20 { Self.skipSpace(&p) }
          if isObject, let problem = member(&p, &node, &key) { return problem }
          continue value
        }
        guard p.pointee == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          return isObject ? .commaOrBrace : .commaOrBracket
        }
        p += 1
        depth -= 1
        close(nodes + Int(stack[depth] & ~Self.objectBit), at: p, node)
        isObject = depth > 0 && stack[depth - 1] & Self.objectBit != 0
        key = 0
      }
    }
  }

  @inline(__always)
  private func close(
    _ container: UnsafeMutablePointer<Node>, at p: UnsafePointer<UInt8>, _ node: UnsafeMutablePointer<Node>
  ) {
    container.pointee.next = UInt32(truncatingIfNeeded: node - nodes)
    container.pointee.length = UInt32(truncatingIfNeeded: p - base) &- container.pointee.offset
  }

  /// Reads a member's name and its colon, up to its value.
  @inline(__always)
  private mutating func member(
    _ p: inout UnsafePointer<UInt8>, _ node: inout UnsafeMutablePointer<Node>, _ key: inout UInt16
  ) -> JSONProblem.Reason? {
    guard p.pointee == UInt8(ascii: "\"") else { return .key }
    let predicted = keys.entries.base[Int(lastKey)].follower
    if predicted != 0, keys.matches(predicted, at: p + 1) {
      p += Int(keys.entries.base[Int(predicted)].length) + 2
      key = predicted
      lastKey = predicted
    } else {
      var place = p
      var free = node
      let problem = unpredictedKey(&place, &free, &key)
      p = place
      node = free
      if let problem { return problem }
    }
    if p.pointee != UInt8(ascii: ":") {
      Self.skipSpace(&p)
      guard p.pointee == UInt8(ascii: ":") else { return .colon }
    }
    p += 1
    if p.pointee <= 0x20 { Self.skipSpace(&p) }
    return nil
  }

  @inline(never)
  private mutating func unpredictedKey(
    _ p: inout UnsafePointer<UInt8>, _ node: inout UnsafeMutablePointer<Node>, _ key: inout UInt16
  ) -> JSONProblem.Reason? {
    let start = p + 1
    let specials = scan_json_specials(start)
    let length = specials.trailingZeroBitCount
    let isShort = specials != 0 && start[length] == UInt8(ascii: "\"")
    if isShort {
      key = keys.guess(at: start, length: length)
      if key != 0 {
        p = start + length + 1
        follow(key)
        return nil
      }
    }
    var flags = Node.Flags.none
    p = start
    if let problem = text(&p, &flags) { return problem }
    let raw = UnsafeRawBufferPointer(start: start, count: p - start)
    key = id(raw, flags)
    if key == KeyTable.overflow {
      put(&node, .keyText, flags, key: 0, from: start, to: p)
    } else {
      if isShort { keys.remember(key, at: start, length: length) }
      follow(key)
    }
    p += 1
    return nil
  }

  @inline(__always)
  private mutating func follow(_ key: UInt16) {
    keys.setFollower(of: lastKey, to: key)
    lastKey = key
  }

  private func id(_ raw: UnsafeRawBufferPointer, _ flags: Node.Flags) -> UInt16 {
    guard flags.contains(.escaped) else { return keys.id(of: raw) }
    var plain = ByteBuffer(capacity: raw.count)
    JSONText.unescape(raw, into: &plain)
    return keys.id(of: plain.bytes)
  }

  /// Moves from behind the opening quote to the closing one.
  @inline(__always)
  private func text(_ p: inout UnsafePointer<UInt8>, _ flags: inout Node.Flags) -> JSONProblem.Reason? {
    while true {
      let specials = scan_json_specials(p)
      if specials == 0 {
        p += 16
        continue
      }
      p += specials.trailingZeroBitCount
      if p.pointee == UInt8(ascii: "\"") { return nil }
      var place = p
      let problem = special(&place, &flags)
      p = place
      if let problem { return problem }
    }
  }

  /// Moves over an escape or a run of multi-byte characters.
  @inline(never)
  private func special(_ p: inout UnsafePointer<UInt8>, _ flags: inout Node.Flags) -> JSONProblem.Reason? {
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
    var place: UnsafePointer<UInt8>? = p
    let answer = json_escape(&place, &flags.rawValue)
    p = place ?? p
    switch Int(answer) {
    case JSON_FINE: return nil
    case JSON_HALF_SURROGATE: return .surrogate
    default: return p + 1 == end ? .unterminated : .escape
    }
  }

  /// Moves over a number or a word; nil where it is none.
  @inline(__always)
  private func scalar(
    _ p: inout UnsafePointer<UInt8>, _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>?) -> UInt8
  ) -> Node.Kind? {
    var place: UnsafePointer<UInt8>? = p
    let kind = read(&place)
    p = place ?? p
    return kind == 0 ? nil : Node.Kind(rawValue: kind)
  }
}
