import CScan

/// The shapes of records that one lane has met, as a tree of what stands between their scalar values.
///
/// Records of one origin differ in their values and hardly in what stands between them: brackets, commas, names, white
/// space. One state is such a piece of text, and its children are the pieces that came behind the value after it. A path
/// from the root to an end is a shape: it fixes the number, order and keys of a record's nodes, so all of that is
/// worked out once, by ``ShapeLearner``, and ``ShapeReader`` only compares the pieces and reads the values.
struct ShapeTable: ~Copyable {
  /// The most states that are kept, in states. Records that would need more are read without.
  static let statesMax = 16_384
  /// The most shapes that ever get a number, in shapes; an event has sixteen bits for one, and 0 means none.
  static let shapesMax = 16_384
  /// The largest record that has a shape, in nodes.
  static let nodesMax = 4_096
  /// The longest piece between two values, in bytes.
  static let gapMax = 1_024
  /// The most pieces that are compared at one place, in pieces.
  static let choicesMax = 16

  /// A piece of text between two values, and what is known once it is met.
  struct State: BitwiseCopyable {
    /// The first thirty-two bytes of the piece, and which of them count.
    var head: SIMD32<UInt8> = .zero
    var mask: UInt32 = 0
    /// The length of the piece, in bytes, and where its text stands in `texts`.
    var length: UInt16 = 0
    /// The shape that ends here; 0 where a value follows.
    var shape: UInt16 = 0
    /// The first word of the value's node, but for its kind and flags and with `next` counted from the root.
    var word: UInt64 = 0
    /// The node of the value behind it, counted from the root's; at an end how many nodes the record has.
    var node: UInt16 = 0
    /// The brackets in the piece.
    var brackets: UInt16 = 0
    var firstBracket: UInt32 = 0
    var text: UInt32 = 0
    /// The first state behind the value; 0 where there is none.
    var child: UInt32 = 0
    /// Another piece at the same place; 0 where there is none.
    var sibling: UInt32 = 0
  }

  /// A bracket: a container's node begins or is completed.
  struct Bracket: BitwiseCopyable {
    /// ``Node/Kind/array`` or ``Node/Kind/object``, and whether it opens.
    var kind: Node.Kind
    var opens: Bool
    var key: UInt16
    /// Its node, counted from the root's.
    var node: UInt32
    /// Of a closing one: the node behind the container, counted from the root's.
    var next: UInt32
    /// Where it stands in the piece, in bytes.
    var offset: UInt32
  }

  /// The first is no state, so that 0 can stand for none; its child is where records begin.
  private(set) var states = RawArray<State>(capacity: 64)
  private(set) var brackets = RawArray<Bracket>(capacity: 16)
  private(set) var texts = ByteBuffer(capacity: 1_024)
  /// Whether a record was met that no states could be added for.
  private(set) var isFull = false
  /// How many shapes have a number. None is given twice, whatever is forgotten, because others remember them.
  private var shapes: UInt16 = 0

  init() { states.append(State()) }

  /// Forgets all states where no more can be added.
  mutating func forgetIfFull() {
    guard isFull else { return }
    states.removeAll()
    states.append(State())
    brackets.removeAll()
    texts.removeAll()
    isFull = false
  }

  /// Whether `text` is the piece of a state.
  @inline(__always)
  static func matches(
    _ state: UnsafePointer<State>, _ text: UnsafePointer<UInt8>, _ texts: UnsafePointer<UInt8>
  ) -> Bool {
    let mask = state.pointee.mask
    let head = UnsafeRawPointer(state).assumingMemoryBound(to: UInt8.self)
    guard scan_equal(text, head) & mask == mask else { return false }
    return state.pointee.length <= 32 || restMatches(state.pointee, text, texts)
  }

  /// Byte by byte and no further than the first difference: the text may end earlier than the piece.
  private static func restMatches(
    _ state: State, _ text: UnsafePointer<UInt8>, _ texts: UnsafePointer<UInt8>
  ) -> Bool {
    let piece = texts + Int(state.text)
    for index in 32..<Int(state.length) where text[index] != piece[index] { return false }
    return true
  }

  // MARK: - Learning

  /// The state behind the value of `parent` whose piece is `text`, made with `details` where there is none.
  ///
  /// - Returns: nil where the table is full.
  mutating func state(
    behind parent: UInt32, _ text: UnsafeRawBufferPointer, isEnd: Bool, details: () -> (State, [Bracket])
  ) -> UInt32? {
    var choices = 0
    var last: UInt32 = 0
    var index = states[Int(parent)].child
    while index != 0 {
      let state = states[Int(index)]
      if (state.shape != 0) == isEnd, Int(state.length) == text.count, RawText.equal(self.text(of: state), text) {
        return index
      }
      choices += 1
      last = index
      index = state.sibling
    }
    guard states.count < Self.statesMax, !isEnd || shapes < Self.shapesMax else {
      isFull = true
      return nil
    }
    guard choices < Self.choicesMax, text.count <= Self.gapMax else { return nil }
    return add(text, isEnd: isEnd, details(), behind: parent, last)
  }

  private func text(of state: State) -> UnsafeRawBufferPointer {
    let start = Int(state.text)
    return UnsafeRawBufferPointer(rebasing: texts.bytes[start..<start + Int(state.length)])
  }

  private mutating func add(
    _ text: UnsafeRawBufferPointer, isEnd: Bool, _ details: (State, [Bracket]), behind parent: UInt32, _ last: UInt32
  ) -> UInt32 {
    var state = details.0
    state.length = UInt16(text.count)
    state.mask = text.count >= 32 ? .max : (1 << UInt32(text.count)) - 1
    for index in 0..<min(text.count, 32) { state.head[index] = text[index] }
    state.text = UInt32(texts.count)
    texts.append(text)
    state.firstBracket = UInt32(brackets.count)
    state.brackets = UInt16(details.1.count)
    for bracket in details.1 { brackets.append(bracket) }
    if isEnd {
      shapes += 1
      state.shape = shapes
    }
    let index = UInt32(states.count)
    states.append(state)
    if last == 0 { states[Int(parent)].child = index } else { states[Int(last)].sibling = index }
    return index
  }
}
