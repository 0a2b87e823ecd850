import CScan

/// Reads records whose shape is known: what stands between the values is compared and the values are read, in one pass
/// (`json_read_known`). Whatever is not as it was before, an error included, is left to ``JSONReader``.
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
    var shapes = json_shapes(
      states: table.states.base, brackets: table.brackets.base, texts: table.texts.base, base: base, end: end,
      nodes: UnsafeMutableRawPointer(nodes).assumingMemoryBound(to: json_node.self),
      root: UInt32(truncatingIfNeeded: root), separator: separator, is_utf8: isUTF8)
    var place: UnsafePointer<UInt8>? = start
    guard let state = json_read_known(&shapes, &place), let place else {
      misses += 1
      if misses == Self.missesMax { pause() }
      return nil
    }
    misses = 0
    return Match(end: place, nodes: Int(state.pointee.word >> 32), shape: state.pointee.shape)
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
