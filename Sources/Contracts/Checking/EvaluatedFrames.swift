import Records

/// Which members or elements of a value were evaluated, a bit each: what `unevaluatedProperties` and
/// `unevaluatedItems` ask for.
///
/// Frames lie on a stack. A schema that may fail without failing all (a branch of `anyOf`) gets a frame of its own, which
/// is merged when the schema holds.
struct EvaluatedFrames: ~Copyable {
  struct Frame: BitwiseCopyable {
    var offset: Int32
    var words: Int32
    /// Nobody asks.
    static let none = Frame(offset: -1, words: 0)
    var isNone: Bool { offset < 0 }
  }

  private var bits = RawArray<UInt64>()

  mutating func push(count: Int) -> Frame { push(words: Int32((count + 63) >> 6)) }

  mutating func push(words: Int32) -> Frame {
    let frame = Frame(offset: Int32(bits.count), words: words)
    bits.reserve(Int(words))
    bits.setCount(bits.count + Int(words))
    for word in 0..<Int(words) { bits.base[Int(frame.offset) + word] = 0 }
    return frame
  }

  mutating func pop(_ frame: Frame) { bits.setCount(Int(frame.offset)) }

  mutating func removeAll() { bits.removeAll() }

  func merge(_ frame: Frame, into other: Frame) {
    guard !other.isNone else { return }
    for word in 0..<Int(frame.words) { bits.base[Int(other.offset) + word] |= bits.base[Int(frame.offset) + word] }
  }

  @inline(__always)
  func mark(_ place: Int, in frame: Frame) {
    guard !frame.isNone else { return }
    bits.base[Int(frame.offset) + place >> 6] |= 1 << UInt64(place & 63)
  }

  func isMarked(_ place: Int, in frame: Frame) -> Bool {
    bits.base[Int(frame.offset) + place >> 6] & (1 << UInt64(place & 63)) != 0
  }
}
