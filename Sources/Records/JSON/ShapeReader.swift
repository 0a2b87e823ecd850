import CScan
import Glibc

/// Reads records whose shape is known: what stands between the values is compared and the values are read, in one pass
/// (`json_read_known`). Whatever is not as it was before, an error included, is left to ``JSONReader``.
///
/// A record is read together with the next line, which takes little longer than one alone; what came of that is kept until
/// it is asked for.
struct ShapeReader: ~Copyable {
  /// A record that was read.
  struct Match {
    /// Behind its last byte.
    var end: UnsafePointer<UInt8>
    /// How many nodes it has.
    var nodes: Int
    var shape: UInt16
  }

  /// What was read of the next line. Its nodes stand in `aheadNodes`, as if its root had the index 0.
  private struct Ahead {
    var start: UnsafePointer<UInt8>
    var match: Match?
  }

  /// After so many records without a known shape, one behind the other, the next ones are not looked at.
  private static let missesMax = 128
  private static let restRecords = 32_768

  private var table = ShapeTable()
  private var misses = 0
  private var rest = 0
  private var ahead: Ahead?
  private let aheadNodes = RawArray<Node>(capacity: ShapeTable.nodesMax)

  /// Forgets what was read of a batch before.
  mutating func begin() { ahead = nil }

  /// Reads the record that begins at `start` and ends at `separator` or at `end`.
  ///
  /// - Parameters:
  ///   - base: where the batch's bytes begin.
  ///   - end: behind the last byte of the batch. The byte there must be a zero, and 32 more readable.
  ///   - nodes: where the root's node goes; must have room for ``ShapeTable/nodesMax``.
  ///   - root: the root's index.
  /// - Returns: nil where the record has no known shape; then nothing is changed but the nodes behind the last one.
  @inline(__always)
  mutating func read(
    _ start: UnsafePointer<UInt8>, base: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, separator: UInt8,
    into nodes: UnsafeMutablePointer<Node>, root: Int
  ) -> Match? {
    if rest > 0 {
      rest -= 1
      return nil
    }
    let match: Match?
    if let ahead, ahead.start == start {
      match = ahead.match
      self.ahead = nil
      if let match {
        json_move_nodes(
          Self.raw(nodes), Self.raw(aheadNodes.base), match.nodes, UInt32(truncatingIfNeeded: root))
      }
    } else {
      var shapes = json_shapes(
        states: table.states.base, brackets: table.brackets.base, texts: table.texts.base, base: base, end: end,
        separator: separator)
      let next = Self.next(behind: start, end, separator)
      var record = json_record(
        place: start, nodes: Self.raw(nodes), root: UInt32(truncatingIfNeeded: root), last: nil)
      var second = json_record(place: next, nodes: Self.raw(aheadNodes.base), root: 0, last: nil)
      json_read_known(&shapes, &record, &second)
      match = Self.match(record)
      ahead = next.map { Ahead(start: $0, match: Self.match(second)) }
    }
    if match == nil {
      misses += 1
      if misses == Self.missesMax { pause() }
    } else {
      misses = 0
    }
    return match
  }

  /// Where the next line begins; nil where there is none, or where a record may begin behind white space.
  @inline(__always)
  private static func next(
    behind start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ separator: UInt8
  ) -> UnsafePointer<UInt8>? {
    guard separator == 0x0a, let newline = memchr(start, 0x0a, end - start) else { return nil }
    let next = UnsafePointer(newline.assumingMemoryBound(to: UInt8.self)) + 1
    return next < end ? next : nil
  }

  @inline(__always)
  private static func match(_ record: json_record) -> Match? {
    guard let state = record.last, let end = record.place else { return nil }
    return Match(end: end, nodes: Int(state.pointee.word >> 32), shape: state.pointee.shape)
  }

  @inline(__always)
  private static func raw(_ nodes: UnsafeMutablePointer<Node>) -> UnsafeMutablePointer<json_node> {
    UnsafeMutableRawPointer(nodes).assumingMemoryBound(to: json_node.self)
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
