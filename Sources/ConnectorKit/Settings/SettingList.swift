import Records
import Synchronization

/// A setting with the name that it has in YAML.
package struct NamedSetting: Sendable {
  package var name: String
  package var setting: any AnySetting

  package var declaration: SettingDeclaration { setting.declaration(name: name) }

  /// The settings of a connector or a group, in the order in which they are declared.
  package static func all(of owner: Any) -> [NamedSetting] { SettingList(of: owner).all }
}

/// The settings of a connector or a group. What is the same for all values of a type is found out once.
package struct SettingList {
  private let children: Mirror.Children
  private let type: SettingType

  package init(of owner: Any) {
    children = Mirror(reflecting: owner).children
    type = SettingType.of(owner, children)
  }

  package var names: [String] { type.names }

  /// Names of settings that a file must give.
  package var required: [String] { type.required }

  package subscript(name: String) -> (any AnySetting)? { type.places[name].flatMap(setting) }

  package var all: [NamedSetting] {
    names.compactMap { name in self[name].map { NamedSetting(name: name, setting: $0) } }
  }

  private func setting(at place: Int) -> (any AnySetting)? {
    children[children.index(children.startIndex, offsetBy: place)].value as? any AnySetting
  }
}

/// The names of a type's settings.
private final class SettingType: Sendable {
  let names: [String]
  /// Where the setting of a name stands among the type's properties.
  let places: [String: Int]
  let required: [String]

  private static let known = Mutex<[ObjectIdentifier: SettingType]>([:])

  static func of(_ owner: Any, _ children: Mirror.Children) -> SettingType {
    let id = ObjectIdentifier(Swift.type(of: owner))
    if let type = known.withLock({ $0[id] }) { return type }
    let type = SettingType(children)
    known.withLock { $0[id] = type }
    return type
  }

  private init(_ children: Mirror.Children) {
    var (names, required): ([String], [String]) = ([], [])
    var places: [String: Int] = [:]
    for (place, child) in children.enumerated() {
      guard let label = child.label, let setting = child.value as? any AnySetting else { continue }
      let name = Self.snakeCase(label)
      names.append(name)
      places[name] = place
      if !setting.mayBeMissing { required.append(name) }
    }
    (self.names, self.required, self.places) = (names, required, places)
  }

  /// `_chunksAtOnce` → `chunks_at_once`.
  private static func snakeCase(_ label: String) -> String {
    var name = ""
    for letter in label.drop(while: { $0 == "_" }) {
      if letter.isUppercase { name += "_" }
      name += letter.lowercased()
    }
    return name
  }
}
