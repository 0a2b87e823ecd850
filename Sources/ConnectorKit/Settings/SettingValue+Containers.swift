import Records

extension Optional: SettingValue where Wrapped: SettingValue {
  package static var shape: SettingShape { Wrapped.shape }
  package static var whenMissing: Self? { .some(.none) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Self? {
    Wrapped.read(node, &loader).map { .some($0) }
  }

  package var written: Value { self?.written ?? .null }
  package var identity: Value? { self?.identity }
  package var magnitude: Int? { self?.magnitude }
  package var isEmptyText: Bool { self?.isEmptyText ?? false }
}

extension Array: SettingValue where Element: SettingValue {
  package static var shape: SettingShape { .list(Element.shape) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> [Element]? {
    guard let items = node.list else {
      let hint = node.scalar.flatMap { node.core == .null ? nil : "for a single one write [\($0.text)]" }
      return loader.mismatch(node, expected: "a list", hint: hint)
    }
    // Every item is read, so that all problems are found.
    let values = items.map { loader.isReported($0) ? nil : Element.read($0, &loader) }
    return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
  }

  package var written: Value { .array(map(\.written)) }
  package var identity: Value? { .array(compactMap(\.identity)) }
}

/// A mapping from names that the file chooses, in the file's order: headers, tags.
package struct SettingMap<Element: SettingValue>: Sendable {
  package struct Entry: Sendable {
    package var name: String
    package var value: Element
  }
  package var entries: [Entry]

  package init(_ entries: [Entry] = []) { self.entries = entries }

  package subscript(name: String) -> Element? { entries.first { $0.name == name }?.value }
}

extension SettingMap: SettingValue {
  package static var shape: SettingShape { .map(Element.shape) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> SettingMap? {
    guard let entries = node.map else { return loader.mismatch(node, expected: "a mapping of keys") }
    let read = entries.map { entry -> Entry? in
      guard loader.textKey(entry), !loader.isReported(entry.value), let value = Element.read(entry.value, &loader)
      else { return nil }
      return Entry(name: entry.key, value: value)
    }
    return read.contains { $0 == nil } ? nil : SettingMap(read.compactMap { $0 })
  }

  package var written: Value { .object(entries.map { Value.Member($0.name, $0.value.written) }) }
  package var identity: Value? {
    .object(entries.compactMap { entry in entry.value.identity.map { Value.Member(entry.name, $0) } })
  }
}

extension Value: SettingValue {
  package static var shape: SettingShape { .anything }
  package var written: Value { self }

  /// The node as a JSON value. What YAML 1.2 and the eye read differently is pointed out.
  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Value? {
    switch node.content {
    case .scalar(let scalar): return read(scalar, node, &loader)
    case .list(let items):
      let values = items.map { loader.isReported($0) ? nil : read($0, &loader) }
      return values.contains { $0 == nil } ? nil : .array(values.compactMap { $0 })
    case .map(let entries):
      let members = entries.map { entry -> Member? in
        guard loader.textKey(entry), !loader.isReported(entry.value), let value = read(entry.value, &loader) else {
          return nil
        }
        return Member(entry.key, value)
      }
      return members.contains { $0 == nil } ? nil : .object(members.compactMap { $0 })
    }
  }

  private static func read(_ scalar: ConfigScalar, _ node: ConfigNode, _ loader: inout SettingLoader) -> Value? {
    if let meant = scalar.booleanWord {
      loader.warning(
        "config.boolean_word", node, "`\(scalar.text)` is text here, not a boolean",
        hint: "write \(meant) for the boolean, \"\(scalar.text)\" for the text")
    }
    if scalar.hasLeadingZeros {
      loader.error(
        "config.leading_zeros", node, "the zeros in front of the number `\(scalar.text)` would be lost",
        hint: "write \"\(scalar.text)\" to keep them")
      return nil
    }
    switch CoreScalar(scalar) {
    case .null: return .null
    case .bool(let flag): return .bool(flag)
    case .int(let number): return .int(number)
    case .number(let text): return .number(text)
    case .text: return loader.text(node, noun: "text").map { .string($0) }
    case .notFinite:
      loader.error("config.type", node, "`\(scalar.text)` is no value that a record can hold")
      return nil
    }
  }
}
