import CScan
import Records

/// A JSON file: one array whose elements are the records, or one object that is the only record.
///
/// Replaces the array's opening bracket and the commas between its elements by ``JSONRecordDecoder/arraySeparator``.
/// Knows strings and nesting and leaves all else to the decoder, so a broken element is one failed record as long as
/// its brackets and quotes are in pairs.
struct JSONFramer: Framer {
  private enum State {
    case start
    /// In the array, behind its bracket or a comma.
    case beforeElement(isFirst: Bool)
    case element
    case afterElement
    case end
  }

  private var state = State.start
  private var isArray = false
  /// Open brackets of the element.
  private var depth = 0
  private var isString = false
  /// The next byte stands behind a backslash.
  private var isEscaped = false
  /// Found behind a whole record and told at the next call; counted from that record's end.
  private var problem: FramingProblem?

  init() {}

  /// Goes on behind a record of a file that was read up to there before.
  init(resumingInArray isArray: Bool) {
    self.isArray = isArray
    state = isArray ? .afterElement : .end
  }

  mutating func scan(_ bytes: UnsafeMutableRawBufferPointer, seen: Int) throws(FramingProblem) -> Int {
    if let problem { throw problem }
    var cut = 0
    var at = seen
    while at < bytes.count {
      if case .element = state {
        at = skipElement(bytes, at)
        if case .element = state { break }
        cut = at
      } else if let message = step(bytes, &at) {
        let found = FramingProblem(offset: at - cut, message: message)
        if cut == 0 { throw found }
        problem = found
        break
      }
    }
    return cut
  }

  mutating func finish(_ bytes: UnsafeMutableRawBufferPointer) throws(FramingProblem) -> Bool {
    if let problem { throw problem }
    switch state {
    case .start, .end: return false
    case .element where !isArray: throw FramingProblem(offset: bytes.count, message: "the object is not closed")
    default: throw FramingProblem(offset: bytes.count, message: "the array is not closed")
    }
  }

  mutating func skip(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
    let end = skipElement(bytes, 0)
    if case .element = state { return nil }
    return end
  }

  /// Takes one byte that belongs to no element, or finds that an element begins there.
  ///
  /// - Returns: what is wrong with it; nil if nothing is.
  private mutating func step(_ bytes: UnsafeMutableRawBufferPointer, _ at: inout Int) -> String? {
    let byte = bytes[at]
    if isSpace(byte) {
      at += 1
      return nil
    }
    switch (state, byte) {
    case (.start, UInt8(ascii: "[")):
      isArray = true
      state = .beforeElement(isFirst: true)
      bytes[at] = JSONRecordDecoder.arraySeparator
    case (.afterElement, UInt8(ascii: ",")):
      state = .beforeElement(isFirst: false)
      bytes[at] = JSONRecordDecoder.arraySeparator
    case (.beforeElement(isFirst: true), UInt8(ascii: "]")), (.afterElement, UInt8(ascii: "]")):
      state = .end
    case (.beforeElement, UInt8(ascii: ",")), (.beforeElement, UInt8(ascii: "]")), (.beforeElement, UInt8(ascii: "}")):
      return "an element is missing"
    case (.start, UInt8(ascii: "{")), (.beforeElement, _):
      state = .element
      return nil
    case (.start, _):
      return "a JSON file begins with '[' or '{'"
    case (.end, _):
      return isArray ? "there is more behind the end of the array" : "there is more behind the end of the object"
    default:
      return "',' or ']' was expected behind an element"
    }
    at += 1
    return nil
  }

  /// - Returns: where the element ends, and then the state says so, or the end of the bytes.
  private mutating func skipElement(_ bytes: UnsafeMutableRawBufferPointer, _ start: Int) -> Int {
    var at = start
    while at < bytes.count {
      if isString {
        at = skipString(bytes, at)
        continue
      }
      switch bytes[at] {
      case UInt8(ascii: "\""):
        isString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return endElement(at) }
        depth -= 1
        if depth == 0 { return endElement(at + 1) }
      case UInt8(ascii: ",") where depth == 0:
        return endElement(at)
      case let byte where depth == 0 && isSpace(byte):
        return endElement(at)
      default: break
      }
      at += 1
    }
    return at
  }

  private mutating func endElement(_ end: Int) -> Int {
    state = isArray ? .afterElement : .end
    return end
  }

  /// Moves behind the closing quote, or to the end of the bytes.
  private mutating func skipString(_ bytes: UnsafeMutableRawBufferPointer, _ start: Int) -> Int {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return start }
    var at = start
    while at < bytes.count {
      if isEscaped {
        isEscaped = false
        at += 1
        continue
      }
      guard let hit = scan_json_text(base + at, base + bytes.count) else { return bytes.count }
      at = hit - UnsafePointer(base)
      guard at < bytes.count else { return at }
      at += 1
      if hit.pointee == UInt8(ascii: "\"") {
        isString = false
        return at
      }
      isEscaped = hit.pointee == UInt8(ascii: "\\")
    }
    return at
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
}
