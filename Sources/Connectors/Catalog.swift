import ConnectorKit

extension Catalog {
  /// All connectors that Millrace has.
  package static let standard = Catalog(
    sources: [FileSourceConnector.self, PostgresSourceConnector.self, StdinSourceConnector.self],
    targets: [FileTargetConnector.self, PostgresTargetConnector.self, StdoutTargetConnector.self])
}
