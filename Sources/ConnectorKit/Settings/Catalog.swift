import Records

/// The connectors that there are. Only the executable knows the real one; it is passed on as a value.
package struct Catalog: Sendable {
  package var sources: [any SourceConnector.Type]
  package var targets: [any TargetConnector.Type]

  package init(sources: [any SourceConnector.Type] = [], targets: [any TargetConnector.Type] = []) {
    self.sources = sources
    self.targets = targets
  }

  package func source(_ type: String) -> (any SourceConnector.Type)? { sources.first { $0.about.type == type } }
  package func target(_ type: String) -> (any TargetConnector.Type)? { targets.first { $0.about.type == type } }

  package var sourceTypes: [String] { sources.map { $0.about.type } }
  package var targetTypes: [String] { targets.map { $0.about.type } }

  /// All connectors, sources first.
  package var all: [any Connector.Type] { sources + targets }
}

extension Connector {
  /// The declarations of all settings, in order.
  package static var settings: [SettingDeclaration] { NamedSetting.all(of: Self()).map(\.declaration) }
}

extension Connector {
  /// A connector with settings given by the program: `["path": "a.ndjson", "csv": ["header": false]]`.
  package static func make(_ settings: Value, secrets: SecretSource? = nil) throws(Diagnostics) -> Self {
    var loader = SettingLoader(secrets: secrets)
    guard let connector = loader.load(Self.self, from: ConfigNode(settings)) as? Self else { throw loader.diagnostics }
    return connector
  }
}
