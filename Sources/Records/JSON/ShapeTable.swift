import CScan

/// The shapes of records that one lane has met, as a tree of what stands between their scalar values.
///
/// Records of one origin differ in their values and hardly in what stands between them: brackets, commas, names, white
/// space. One state (`json_state`) is such a piece of text, and its children are the pieces that came behind the value
/// after it. A path from the root to an end is a shape: it fixes the number, order and keys of a record's nodes, so all of
/// that is worked out once, by ``ShapeLearner``, and ``ShapeReader`` only has the pieces compared and the values read.
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

  /// The first is no state, so that 0 can stand for none; its child is where records begin.
  private(set) var states = RawArray<json_state>(capacity: 64)
  /// The first is none.
  private(set) var brackets = RawArray<json_bracket>(capacity: 16)
  private(set) var texts = ByteBuffer(capacity: 1_024)
  /// Whether a record was met that no states could be added for.
  private(set) var isFull = false
  /// How many shapes have a number. None is given twice, whatever is forgotten, because others remember them.
  private var shapes: UInt16 = 0

  init() { begin() }

  private mutating func begin() {
    states.append(json_state())
    brackets.append(json_bracket())
  }

  /// Forgets all states where no more can be added.
  mutating func forgetIfFull() {
    guard isFull else { return }
    states.removeAll()
    brackets.removeAll()
    texts.removeAll()
    begin()
    isFull = false
  }

  // MARK: - Learning

  /// What a state knows beside its text.
  struct Details {
    /// The first eight bytes of the value's node, but for its kind and flags; see ``Node/word(key:next:)``.
    var word: UInt64
    var brackets: [json_bracket]
    var isEnd: Bool
  }

  /// The state behind the value of `parent` whose piece is `text`, made where there is none.
  ///
  /// - Returns: nil where it cannot be made.
  mutating func state(behind parent: UInt32, _ text: UnsafeRawBufferPointer, _ details: Details) -> UInt32? {
    var choices = 0
    var last: UInt32 = 0
    var index = states[Int(parent)].child
    while index != 0 {
      let state = states[Int(index)]
      if (state.shape != 0) == details.isEnd, RawText.equal(self.text(of: state), text) { return index }
      choices += 1
      last = index
      index = state.sibling
    }
    guard states.count < Self.statesMax, !details.isEnd || shapes < Self.shapesMax else {
      isFull = true
      return nil
    }
    guard choices < Self.choicesMax, text.count <= Self.gapMax else { return nil }
    return add(text, details, behind: parent, last)
  }

  private func text(of state: json_state) -> UnsafeRawBufferPointer {
    let start = Int(state.text)
    return UnsafeRawBufferPointer(rebasing: texts.bytes[start..<start + Int(state.length & ~Self.special)])
  }

  private static let special = UInt16(JSON_SPECIAL)

  private mutating func add(
    _ text: UnsafeRawBufferPointer, _ details: Details, behind parent: UInt32, _ last: UInt32
  ) -> UInt32 {
    var state = json_state()
    state.length = UInt16(text.count)
    state.word = details.word
    state.mask = text.count >= JSON_HEAD ? .max : (1 << UInt32(text.count)) - 1
    withUnsafeMutableBytes(of: &state.head) { head in
      head.copyBytes(from: text.prefix(Int(JSON_HEAD)))
    }
    state.text = UInt32(texts.count)
    texts.append(text)
    if !details.brackets.isEmpty { state.brackets = add(details.brackets) }
    if details.isEnd {
      shapes += 1
      state.shape = shapes
    }
    if details.isEnd || state.brackets != 0 || text.count > JSON_HEAD { state.length |= Self.special }
    let index = UInt32(states.count)
    states.append(state)
    if last == 0 { states[Int(parent)].child = index } else { states[Int(last)].sibling = index }
    return index
  }

  private mutating func add(_ more: [json_bracket]) -> UInt32 {
    let first = UInt32(brackets.count)
    for bracket in more { brackets.append(bracket) }
    brackets[brackets.count - 1].is_last = true
    return first
  }
}
