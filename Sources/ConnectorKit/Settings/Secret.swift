import Records

/// A text that nobody prints: a password, a token, an address that may hold one.
package struct Secret: Sendable, Equatable {
  private let text: String

  package init(_ text: String) { self.text = text }

  /// The text itself, for the connection that needs it and for nothing else. Before the run has resolved references it
  /// is the text as written.
  package func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package static let mask = "***"
  package var description: String { Self.mask }
  package var debugDescription: String { Self.mask }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: SettingValue {
  package static var shape: SettingShape { .secret }
  package var written: Value { .string(Self.mask) }
  package var identity: Value? { nil }
  package var isEmptyText: Bool { text.isEmpty }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Secret? {
    if !TextTemplate.hasReference(node) { loader.isSecret(node.place) }
    guard let scalar = node.scalar, case .text = CoreScalar(scalar) else {
      return refuse(node, &loader)
    }
    if loader.secrets == nil, standsInPlainSight(scalar.text) {
      loader.warning(
        "config.secret_in_file", node, "a secret stands in the file",
        hint: "put it into an environment variable and write ${NAME} here")
    }
    return loader.text(node, noun: "text").map(Secret.init)
  }

  /// Like ``SettingLoader/mismatch(_:expected:hint:)``, without quoting the value.
  private static func refuse(_ node: ConfigNode, _ loader: inout SettingLoader) -> Secret? {
    guard node.scalar != nil, node.core != .null else { return loader.mismatch(node, expected: "text") }
    loader.error("config.type", node, "expected text, found something else", hint: "put the value in quotes")
    return nil
  }

  /// Whether a literal is a secret: an address is one only with a password in it.
  private static func standsInPlainSight(_ text: String) -> Bool {
    guard (try? TextTemplate(text))?.hasReferences == false, !text.isEmpty else { return false }
    guard let authority = authority(of: text.utf8[...]) else { return true }
    guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return false }
    return authority[..<at].contains(UInt8(ascii: ":"))
  }

  /// What stands between `://` and the path; nil where the text is no address.
  private static func authority(of text: Substring.UTF8View) -> Substring.UTF8View? {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), text[colon...].starts(with: "://".utf8) else {
      return nil
    }
    return text[colon...].dropFirst(3).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
  }
}
