import Records

/// JSON pointers (RFC 6901).
enum JSONPointer {
  /// A token as it stands in a pointer.
  static func escaped(_ token: String) -> String {
    guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return token }
    var text = ""
    for scalar in token.unicodeScalars {
      switch scalar {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// The tokens of a pointer without their escapes; nil where it is none.
  static func tokens(_ pointer: String) -> [String]? {
    guard !pointer.isEmpty else { return [] }
    guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
    var tokens: [String] = []
    for part in pointer.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let token = unescaped(Substring(part)) else { return nil }
      tokens.append(token)
    }
    return tokens
  }

  private static func unescaped(_ part: Substring) -> String? {
    var text = ""
    var isEscape = false
    for scalar in part.unicodeScalars {
      if isEscape {
        guard scalar == "0" || scalar == "1" else { return nil }
        text += scalar == "0" ? "~" : "/"
        isEscape = false
      } else if scalar == "~" {
        isEscape = true
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return isEscape ? nil : text
  }

  /// One step into a value.
  static func step(_ token: String, into value: Value) -> Value? {
    switch value {
    case .object: value[token]
    case .array(let items): index(token).flatMap { $0 < items.count ? items[$0] : nil }
    default: nil
    }
  }

  private static func index(_ token: String) -> Int? {
    guard token == "0" || token.utf8.first != UInt8(ascii: "0"), token.utf8.allSatisfy(\.isASCIIDigit) else {
      return nil
    }
    return Int(token)
  }
}
