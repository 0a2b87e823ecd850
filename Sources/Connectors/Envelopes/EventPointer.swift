import ConnectorKit
import Records

/// Where a part of an event stands: in the payload (RFC 6901) or in a header.
enum EventPointer: Equatable, Sendable {
  /// The tokens behind the slashes, unescaped; none for the whole payload.
  case payload([String])
  /// In lower case.
  case header(String)

  static let headerPrefix = "header:"

  /// nil where the text is neither.
  init?(_ text: String) {
    if text.hasPrefix(Self.headerPrefix) {
      let name = text.dropFirst(Self.headerPrefix.count).lowercased()
      guard !name.isEmpty, name.utf8.allSatisfy(HTTPToken.isToken) else { return nil }
      self = .header(name)
      return
    }
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    var tokens: [String] = []
    for token in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let plain = Self.unescape(token) else { return nil }
      tokens.append(plain)
    }
    self = .payload(tokens)
  }

  /// `~1` stands for a slash, `~0` for a tilde, and a tilde for nothing else.
  private static func unescape(_ token: Substring) -> String? {
    var plain = ""
    var rest = token[...]
    while let letter = rest.popFirst() {
      guard letter == "~" else {
        plain.append(letter)
        continue
      }
      switch rest.popFirst() {
      case "0": plain.append("~")
      case "1": plain.append("/")
      default: return nil
      }
    }
    return plain
  }

  /// What the last step is called: the name of a key.
  var name: String? {
    switch self {
    case .payload(let tokens): tokens.last
    case .header(let name): name
    }
  }
}

extension EventPointer: SettingValue {
  static let noun = "a JSON pointer such as /data/id, or header:NAME"
  static var shape: SettingShape { .text(noun, pattern: "^(/.*|header:.+)?$") }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> EventPointer? {
    guard let text = node.scalar?.text, node.core != .null else { return loader.mismatch(node, expected: noun) }
    if let pointer = EventPointer(text) { return pointer }
    loader.error("config.invalid", node, "`\(text)` is no JSON pointer", hint: "write \(noun)")
    return nil
  }

  var written: Value {
    switch self {
    case .payload(let tokens):
      .string(
        tokens.map { token in
          "/"
            + token.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        }.joined())
    case .header(let name): .string(Self.headerPrefix + name)
    }
  }
}

/// What may stand in the name of a header (RFC 9110, token).
enum HTTPToken {
  static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
