import Records

/// Settings that belong together under one key: `csv: {header: true, delimiter: ";"}`.
package protocol SettingGroup: SettingValue {
  init()
  /// The setting that a value stands for that is no mapping: `dead_letter: path` for `dead_letter: {path: path}`.
  static var short: String? { get }
  /// What is wrong with the settings as a whole, beyond what each declares; their names are relative to the group.
  func problems() -> [Problem]
}

extension SettingGroup {
  package static var short: String? { nil }
  package func problems() -> [Problem] { [] }

  package static var shape: SettingShape { groupShape(isOneOf: false) }

  /// What messages expect.
  fileprivate static var noun: String {
    guard case .group(let group) = shape, let short = group.settings.first(where: { $0.name == short }) else {
      return shape.noun
    }
    return "\(short.shape.noun), or a mapping"
  }

  fileprivate static func groupShape(isOneOf: Bool, beside: Int = 0) -> SettingShape {
    var group = SettingGroupShape(NamedSetting.all(of: Self()).map(\.declaration), isOneOf: isOneOf, short: short)
    group.beside = beside
    return .group(group)
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Self? {
    let group = Self()
    let settings = SettingList(of: group)
    guard loader.fill(settings, from: loader.expand(node, short: short), noun: noun) else { return nil }
    return loader.report(group.problems(), in: node) ? group : nil
  }

  package var written: Value { .object(NamedSetting.written(of: self)) }
  package var identity: Value? { .object(NamedSetting.identity(of: self)) }
}

/// A group of which exactly one setting is given: `auth: {bearer: ...}` or `auth: {basic: ...}`. Each is optional.
package protocol SettingOneOf: SettingGroup {
  /// Settings that may stand beside the one.
  static var beside: [String] { get }
}

extension SettingOneOf {
  package static var beside: [String] { [] }
  package static var shape: SettingShape { groupShape(isOneOf: true, beside: beside.count) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Self? { readOne(node, &loader) }

  /// What `read` does, for groups that look at the node first.
  package static func readOne(_ node: ConfigNode, _ loader: inout SettingLoader) -> Self? {
    let group = Self()
    let settings = SettingList(of: group)
    let expanded = loader.expand(node, short: short)
    let isFilled = loader.fill(settings, from: expanded, noun: noun)
    guard hasOne(of: settings, expanded, &loader), isFilled else { return nil }
    return loader.report(group.problems(), in: node) ? group : nil
  }

  private static func hasOne(
    of settings: SettingList, _ node: ConfigNode, _ loader: inout SettingLoader
  ) -> Bool {
    guard let entries = node.map else { return false }
    let kinds = settings.names.filter { !beside.contains($0) }
    let given = kinds.filter { node.entry($0) != nil }
    // A misspelt kind was reported as that.
    if given.count == 1 || (given.isEmpty && entries.contains { !beside.contains($0.key) }) { return given.count == 1 }
    loader.error(
      "config.one_of", node, given.isEmpty ? "names none of its kinds" : "names \(given.joined(separator: " and "))",
      hint: "exactly one of " + kinds.map { "`\($0)`" }.joined(separator: ", "))
    return false
  }
}

extension NamedSetting {
  /// What the file says, as it could be written.
  package static func written(of owner: Any) -> [Value.Member] {
    all(of: owner).compactMap { named in
      guard named.setting.isGiven, let written = named.setting.written else { return nil }
      return Value.Member(named.name, written)
    }
  }

  /// What the file says that decides the meaning of positions and rows. Settings that equal their default are left out,
  /// so that a new setting changes the identity of no file that does not use it.
  package static func identity(of owner: Any) -> [Value.Member] {
    all(of: owner).compactMap { named in
      guard named.setting.isMeaningful, let identity = named.setting.identity else { return nil }
      return Value.Member(named.name, identity)
    }
  }
}
