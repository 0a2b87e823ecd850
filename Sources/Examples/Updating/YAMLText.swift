import ConnectorKit
import Records

/// Values as they are written into a pipeline file.
enum YAMLText {
  /// In one line, with brackets and braces.
  static func flow(_ value: Value) -> String {
    switch value {
    case .array(let items): "[\(items.map(flow).joined(separator: ", "))]"
    case .object(let members): "{\(members.map { "\(scalar($0.name)): \(flow($0.value))" }.joined(separator: ", "))}"
    case .string(let text): scalar(text)
    default: value.json
    }
  }

  /// A text, in quotes where YAML would take it for something else.
  static func scalar(_ text: String) -> String { isPlain(text) ? text : Value.string(text).json }

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, isWord(first) || first == UInt8(ascii: "/"),
      last != UInt8(ascii: " ")
    else { return false }
    // A colon begins a value only before a space.
    let isSimple = text.replacing("://", with: "").utf8.allSatisfy { isWord($0) || " ./@+-".utf8.contains($0) }
    let scalar = ConfigScalar(text)
    guard isSimple, case .text = CoreScalar(scalar) else { return false }
    return scalar.booleanWord == nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
