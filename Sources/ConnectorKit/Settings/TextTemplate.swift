/// A text with references to values that only the run knows: `${NAME}`, `${NAME:-default}`, `${file:/run/secrets/x}`.
///
/// `$${` stands for `${` itself. A `$` before anything but `{` is a plain character.
package struct TextTemplate: Sendable, Equatable {
  package enum Part: Sendable, Equatable {
    case text(String)
    /// A variable of the environment; the default stands in for one that is not set or empty.
    case variable(String, default: String?)
    /// The contents of a file, without one line break at its end.
    case file(String)
  }

  package var parts: [Part]

  package var hasReferences: Bool {
    parts.contains { if case .text = $0 { false } else { true } }
  }

  package struct SyntaxError: Error, Equatable {
    package var message: String
    package var hint: String
  }

  package init(_ source: String) throws(SyntaxError) {
    parts = []
    var rest = source[...]
    var text = ""
    while let dollar = rest.firstIndex(of: "$") {
      text += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        text += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        if !text.isEmpty { parts.append(.text(text)) }
        text = ""
        parts.append(try Self.reference(&rest))
      } else {
        text += "$"
        rest = rest.dropFirst()
      }
    }
    text += rest
    if !text.isEmpty || parts.isEmpty { parts.append(.text(text)) }
  }

  private static func reference(_ rest: inout Substring) throws(SyntaxError) -> Part {
    if rest.hasPrefix("${{") {
      throw SyntaxError(
        message: "`${{ … }}` is not supported here", hint: "for the characters themselves write `$${{`")
    }
    guard let end = rest.firstIndex(of: "}") else {
      throw SyntaxError(message: "`${` without its `}`", hint: "for the characters themselves write `$${`")
    }
    let body = rest[rest.index(rest.startIndex, offsetBy: 2)..<end]
    rest = rest[rest.index(after: end)...]
    return try parse(body)
  }

  private static func parse(_ body: Substring) throws(SyntaxError) -> Part {
    if body.contains("$") {
      throw SyntaxError(message: "a reference inside a reference", hint: "a default is a plain text")
    }
    if body.hasPrefix("file:") {
      let path = body.dropFirst(5)
      guard !path.isEmpty else {
        throw SyntaxError(message: "`${file:}` names no file", hint: "write ${file:/run/secrets/name}")
      }
      return .file(String(path))
    }
    let name = body.prefix { isNameCharacter($0) }
    let after = body[name.endIndex...]
    guard let first = name.first, !first.isNumber, after.isEmpty || after.hasPrefix(":-") else {
      throw SyntaxError(
        message: "`${\(body)}` is no reference",
        hint: "write ${NAME}, ${NAME:-default} or ${file:/run/secrets/name}; for the characters themselves write `$${`")
    }
    return .variable(String(name), default: after.isEmpty ? nil : String(after.dropFirst(2)))
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  /// Whether the node, or one below it, is a text with references.
  package static func hasReference(_ node: ConfigNode) -> Bool {
    switch node.content {
    case .scalar(let scalar): (try? TextTemplate(scalar.text))?.hasReferences ?? false
    case .list(let items): items.contains(where: hasReference)
    case .map(let entries): entries.contains { hasReference($0.value) }
    }
  }
}

/// Where references get their values from when a run starts.
package struct SecretSource: Sendable {
  /// The value of a variable of the environment; nil where it is not set.
  package var variable: @Sendable (String) -> String?
  /// The text of a file; nil where it cannot be read.
  package var file: @Sendable (String) -> String?

  package init(
    variable: @escaping @Sendable (String) -> String?, file: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    self.variable = variable
    self.file = file
  }
}

extension TextTemplate {
  /// The text with every reference replaced, or the reference that has no value.
  package func resolved(with secrets: SecretSource) -> Result<String, Unresolved> {
    var text = ""
    for part in parts {
      switch part {
      case .text(let literal): text += literal
      case .variable(let name, let fallback):
        let value = secrets.variable(name)
        if let fallback, value?.isEmpty ?? true {
          text += fallback
        } else if let value {
          text += value
        } else {
          return .failure(.variable(name))
        }
      case .file(let path):
        guard let contents = secrets.file(path) else { return .failure(.file(path)) }
        text += contents.hasSuffix("\n") || contents.hasSuffix("\r\n") ? String(contents.dropLast()) : contents
      }
    }
    return .success(text)
  }

  package enum Unresolved: Error, Equatable {
    case variable(String)
    case file(String)
  }
}

extension SettingLoader {
  /// The text of a scalar: its references checked, and resolved where this load may do so.
  package mutating func text(_ node: ConfigNode, noun: String) -> String? {
    guard let scalar = node.scalar, case .text = CoreScalar(scalar) else {
      return mismatch(node, expected: noun, hint: quotingHint(node))
    }
    let template: TextTemplate
    do throws(TextTemplate.SyntaxError) { template = try TextTemplate(scalar.text) } catch {
      self.error("config.reference", node, error.message, hint: error.hint)
      return nil
    }
    guard let secrets else {
      return template.hasReferences ? scalar.text : template.resolvedWithoutReferences
    }
    switch template.resolved(with: secrets) {
    case .success(let text): return text
    case .failure(let unresolved):
      report(unresolved, node)
      return nil
    }
  }

  private func quotingHint(_ node: ConfigNode) -> String? {
    guard let scalar = node.scalar, node.core != .null else { return nil }
    return "put it in quotes to say that it is text: \"\(scalar.text)\""
  }

  private mutating func report(_ unresolved: TextTemplate.Unresolved, _ node: ConfigNode) {
    switch unresolved {
    case .variable(let name):
      error(
        "secret.unset", node, "the environment variable `\(name)` is not set",
        hint: "set it, or write ${\(name):-default}")
    case .file(let path):
      error("secret.unreadable", node, "the file `\(path)` cannot be read", hint: "check its path and permissions")
    }
  }
}

extension TextTemplate {
  /// The text, with escapes undone, of a template that has no references.
  fileprivate var resolvedWithoutReferences: String {
    parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }
}
