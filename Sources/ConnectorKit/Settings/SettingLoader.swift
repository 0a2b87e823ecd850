import Records

/// Carries what is found while settings are loaded.
package struct SettingLoader {
  package private(set) var diagnostics = Diagnostics()
  /// How many things were wrong, whether they are reported here or were before.
  package private(set) var failures = 0
  /// Resolves `${NAME}`; nil leaves references as they are written, for checks without secrets.
  package let secrets: SecretSource?
  /// Where the values of secrets stand, so that nobody prints those lines.
  package private(set) var secretPlaces: [Place] = []

  package init(secrets: SecretSource? = nil) { self.secrets = secrets }

  package mutating func error(_ code: String, _ node: ConfigNode, _ message: String, hint: String? = nil) {
    add(.error, code, node.place, node.path, message, hint)
  }

  package mutating func warning(_ code: String, _ node: ConfigNode, _ message: String, hint: String? = nil) {
    add(.warning, code, node.place, node.path, message, hint)
  }

  package mutating func add(
    _ severity: Diagnostic.Severity, _ code: String, _ place: Place, _ path: String, _ message: String, _ hint: String?
  ) {
    if severity == .error { failures += 1 }
    guard !isFull else { return }
    let found = Diagnostic(severity, code: code, place: place, path: path, message: message, hint: hint)
    // What several streams have in common is read for each of them.
    guard !diagnostics.items.contains(found) else { return }
    diagnostics.add(found)
    if isFull { diagnostics.add(.tooMany(in: place.file)) }
  }

  /// Whether further problems are counted and no longer reported.
  private var isFull: Bool { diagnostics.items.count >= Diagnostics.perFileMax }

  /// Whether the node was reported already, so that nothing is read from it.
  package mutating func isReported(_ node: ConfigNode) -> Bool {
    if node.isReported, node.map == nil { failures += 1 }
    return node.isReported && node.map == nil
  }

  /// Says that something else was expected. Always nil, so that a reader can return it.
  package mutating func mismatch<T>(_ node: ConfigNode, expected noun: String, hint: String? = nil) -> T? {
    if node.core == .null {
      error("config.no_value", node, "has no value; expected \(noun)", hint: hint ?? "give it one, or remove the key")
    } else if let text = node.scalar?.text, text.hasPrefix("${") {
      error("config.type", node, "expected \(noun), found a reference", hint: "references stand for texts only")
    } else {
      error("config.type", node, "expected \(noun), found \(node.found)", hint: hint)
    }
    return nil
  }

  /// Whether the key is text; a plain `5:` or `true:` is not, and is reported.
  package mutating func textKey(_ entry: ConfigEntry) -> Bool {
    if case .text = CoreScalar(entry.keyScalar) { return true }
    add(
      .error, "config.key_not_text", entry.keyPlace, entry.value.path, "the key `\(entry.key)` is not text",
      "write \"\(entry.key)\"")
    return false
  }

  package mutating func isSecret(_ place: Place) { secretPlaces.append(place) }
}

extension SettingLoader {
  /// A connector with the settings of a mapping, or nil and the reasons in `diagnostics`.
  ///
  /// - Parameter others: keys of the mapping that somebody else reads (`type`).
  package mutating func load(
    _ type: any Connector.Type, from node: ConfigNode, others: [String] = []
  ) -> (any Connector)? {
    let connector = type.init()
    let settings = SettingList(of: connector)
    guard fill(settings, from: node, others: others, noun: Self.noun(settings)) else { return nil }
    return report(connector.problems(), in: node) ? connector : nil
  }

  private static func noun(_ settings: SettingList) -> String {
    SettingGroupShape(settings.all.map(\.declaration)).noun
  }

  /// Gives each setting its value from a mapping; false when something is wrong.
  ///
  /// - Parameters:
  ///   - others: keys of the mapping that somebody else reads.
  ///   - noun: what was expected, where the node is no mapping.
  package mutating func fill(
    _ settings: SettingList, from node: ConfigNode, others: [String] = [],
    noun: @autoclosure () -> String = "a mapping of keys"
  ) -> Bool {
    guard let entries = node.map else {
      let _: Bool? = mismatch(node, expected: noun())
      return false
    }
    let before = failures
    let present = Set(entries.map(\.key))
    var meant: Set<String> = []
    for entry in entries where !others.contains(entry.key) {
      guard let setting = settings[entry.key] else {
        let known = settings.names + others
        unknown(entry, in: node, known: known, present: present).map { _ = meant.insert($0) }
        continue
      }
      if !isReported(entry.value) { setting.load(entry, &self) }
    }
    for name in settings.required where !present.contains(name) {
      // A misspelt key is reported as that, and not a second time as missing.
      if node.isReported || meant.contains(name) { failures += 1 } else { missing(settings, name, in: node) }
    }
    return failures == before
  }

  /// Reports an unknown key, and gives the known one that was probably meant.
  private mutating func unknown(
    _ entry: ConfigEntry, in node: ConfigNode, known: [String], present: Set<String>
  ) -> String? {
    guard !isFull else {
      failures += 1
      return nil
    }
    let free = known.filter { !present.contains($0) }
    let nearest = Suggestion.nearest(to: entry.key, among: free)
    add(
      .error, "config.unknown_key", entry.keyPlace, node.path(of: entry.key), "unknown key `\(entry.key)`",
      nearest.map { "did you mean `\($0)`?" } ?? Suggestion.hint(for: entry.key, among: known))
    return nearest
  }

  private mutating func missing(_ settings: SettingList, _ name: String, in node: ConfigNode) {
    guard let declaration = settings[name]?.declaration(name: name) else { return }
    let example = declaration.example.map { " For example: \(declaration.name): \($0)" } ?? ""
    add(
      .error, "config.missing_key", node.place, node.path(of: declaration.name),
      "required key `\(declaration.name)` is missing", declaration.sentence + example)
  }

  /// A value that is no mapping as the mapping that it stands for.
  package func expand(_ node: ConfigNode, short: String?) -> ConfigNode {
    guard let short, node.map == nil, node.core != .null else { return node }
    return ConfigNode(.map([ConfigEntry(short, at: node.place, node)]), place: node.place, path: node.path)
  }

  /// Reports problems at the places of the settings that they name; false when there are errors among them.
  ///
  /// A problem with a value that is still a reference is left to the run, which knows the value.
  package mutating func report(_ problems: [Problem], in node: ConfigNode) -> Bool {
    let before = failures
    for problem in problems {
      let at = node.nearest(problem.setting)
      if secrets == nil, TextTemplate.hasReference(at) { continue }
      let path = problem.setting.split(separator: ".").reduce(node.path) { ConfigNode.path($0, String($1)) }
      add(problem.severity, problem.code, at.place, path, problem.message, problem.hint)
    }
    return failures == before
  }
}
