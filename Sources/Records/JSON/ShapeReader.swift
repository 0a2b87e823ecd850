import CScan

/// Reads records whose shape is known: compares what stands between the values and reads the values, in one pass.
///
/// Whatever is not as it was before, an error included, is left to ``JSONReader``. This file is one to fuzz.
struct ShapeReader: ~Copyable {
  /// A record that was read.
  struct Match {
    /// Behind its last byte.
    var end: UnsafePointer<UInt8>
    /// How many nodes it has.
    var nodes: Int
    var shape: UInt16
  }

  /// After so many records without a known shape, one behind the other, the next ones are not looked at.
  private static let missesMax = 128
  private static let restRecords = 32_768

  private var table = ShapeTable()
  private var misses = 0
  private var rest = 0

  /// Reads the record that begins at `start` and ends at `separator` or at `end`.
  ///
  /// - Parameters:
  ///   - base: where the batch's bytes begin.
  ///   - end: behind the last byte of the batch. The byte there must be a zero, and 32 more readable.
  ///   - nodes: where the root's node goes; must have room for ``ShapeTable/nodesMax``.
  ///   - root: the root's index.
  ///   - isUTF8: whether the bytes are known to be UTF-8; otherwise no text beyond ASCII is read.
  /// - Returns: nil where the record has no known shape; then nothing is changed but the nodes behind the last one.
  @inline(__always)
  mutating func read(
    _ start: UnsafePointer<UInt8>, base: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, separator: UInt8,
    into nodes: UnsafeMutablePointer<Node>, root: Int, isUTF8: Bool
  ) -> Match? {
    if rest > 0 {
      rest -= 1
      return nil
    }
    let scan = ShapeScan(
      states: UnsafePointer(table.states.base), brackets: UnsafePointer(table.brackets.base),
      texts: UnsafePointer(table.texts.base), base: base, end: end, nodes: nodes,
      root: UInt32(truncatingIfNeeded: root),
      separator: separator, isUTF8: isUTF8)
    guard let match = scan.run(from: start) else {
      misses += 1
      if misses == Self.missesMax { pause() }
      return nil
    }
    misses = 0
    return match
  }

  private mutating func pause() {
    misses = 0
    rest = Self.restRecords
    table.forgetIfFull()
  }

  /// Learns the shape of a record that ``JSONReader`` has read.
  ///
  /// - Returns: the shape; 0 where it gets none.
  mutating func learn(_ batch: Batch, _ range: Range<Int>, root: Int) -> UInt16 {
    rest > 0 || table.isFull ? 0 : ShapeLearner(batch, range, root: root).learn(into: &table)
  }
}

/// One reading of one record.
private struct ShapeScan {
  let states: UnsafePointer<ShapeTable.State>
  let brackets: UnsafePointer<ShapeTable.Bracket>
  let texts: UnsafePointer<UInt8>
  let base: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  let nodes: UnsafeMutablePointer<Node>
  let root: UInt32
  let separator: UInt8
  let isUTF8: Bool

  @inline(__always)
  func run(from start: UnsafePointer<UInt8>) -> ShapeReader.Match? {
    var p = start
    var index = states.pointee.child
    while index != 0 {
      let state = states + Int(index)
      guard ShapeTable.matches(state, p, texts) else {
        index = state.pointee.sibling
        continue
      }
      if state.pointee.brackets != 0 { apply(state, at: p) }
      var value = p + Int(state.pointee.length)
      if state.pointee.shape != 0 {
        if value == end || value.pointee == separator {
          return ShapeReader.Match(end: value, nodes: Int(state.pointee.node), shape: state.pointee.shape)
        }
        index = state.pointee.sibling
        continue
      }
      switch value.pointee {
      case UInt8(ascii: "\""):
        guard text(&value, state) else { return nil }
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let first = value
        guard let kind = JSONLexer.number(&value) else { return nil }
        put(kind, .none, state, from: first, to: value)
      case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
        let first = value
        guard let kind = JSONLexer.word(&value) else { return nil }
        put(kind, .none, state, from: first, to: value)
      default:
        // A container, where the piece of another state goes on.
        index = state.pointee.sibling
        continue
      }
      p = value
      index = state.pointee.child
    }
    return nil
  }

  @inline(__always)
  private func put(
    _ kind: Node.Kind, _ flags: Node.Flags, _ state: UnsafePointer<ShapeTable.State>, from start: UnsafePointer<UInt8>,
    to end: UnsafePointer<UInt8>
  ) {
    Node.put(
      state.pointee.word &+ UInt64(root) << 32, kind, flags, offset: UInt32(truncatingIfNeeded: start - base),
      length: UInt32(truncatingIfNeeded: end - start), at: nodes + Int(state.pointee.node))
  }

  /// Reads the string at `p` and moves behind its closing quote; false where it is not one, or may not be.
  @inline(__always)
  private func text(_ p: inout UnsafePointer<UInt8>, _ state: UnsafePointer<ShapeTable.State>) -> Bool {
    let start = p + 1
    var at = start
    var flags = Node.Flags.none
    var wide: UInt32 = 0
    while true {
      let found = scan_json_stops(at)
      let stops = found & 0xffff
      if stops == 0 {
        wide |= found
        at += 16
        continue
      }
      // The multi-byte characters before the stop.
      wide |= (found >> 16) & (stops &- 1) & ~stops
      at += stops.trailingZeroBitCount
      if at.pointee == UInt8(ascii: "\"") { break }
      guard at.pointee == UInt8(ascii: "\\") else { return false }
      var place = at
      let problem = JSONLexer.escape(&place, &flags, end: end)
      at = place
      if problem != nil { return false }
    }
    if wide != 0 {
      if !isUTF8 { return false }
      flags.insert(.wide)
    }
    put(.string, flags, state, from: start, to: at)
    p = at + 1
    return true
  }

  /// Begins and completes containers.
  private func apply(_ state: UnsafePointer<ShapeTable.State>, at p: UnsafePointer<UInt8>) {
    let first = brackets + Int(state.pointee.firstBracket)
    let start = UInt32(truncatingIfNeeded: p - base)
    for bracket in first..<first + Int(state.pointee.brackets) {
      let node = nodes + Int(bracket.pointee.node)
      let offset = start &+ bracket.pointee.offset
      if bracket.pointee.opens {
        Node.put(
          Node.word(key: bracket.pointee.key, next: 0), bracket.pointee.kind, .none, offset: offset, length: 0, at: node
        )
      } else {
        node.pointee.next = root &+ bracket.pointee.next
        node.pointee.length = offset &+ 1 &- node.pointee.offset
      }
    }
  }
}
