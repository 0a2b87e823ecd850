import Records

/// A type that a `@Setting` can have.
package protocol SettingValue: Sendable {
  static var shape: SettingShape { get }

  /// Reads what the file says; reports what is wrong with it, and gives nil then.
  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Self?

  /// The value of a setting that is neither given nor has a default; nil makes the setting required.
  static var whenMissing: Self? { get }

  /// As it could stand in a file, with `***` for a secret; for plans and documentation.
  var written: Value { get }

  /// What of it decides the meaning of positions and rows: nothing of a secret, nothing that is only tuning.
  var identity: Value? { get }

  /// The number that a declared range bounds: the number itself, bytes, milliseconds; nil for what has none.
  var magnitude: Int? { get }

  /// Whether it is a text of no characters, which a setting refuses unless it says otherwise.
  var isEmptyText: Bool { get }
}

extension SettingValue {
  package static var whenMissing: Self? { nil }
  package var identity: Value? { written }
  package var magnitude: Int? { nil }
  package var isEmptyText: Bool { false }
}
