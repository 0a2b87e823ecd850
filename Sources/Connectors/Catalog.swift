import ConnectorKit

extension Catalog {
  /// All connectors that Millrace has.
  package static let standard = Catalog(
    sources: [
      DirectusSourceConnector.self, FileSourceConnector.self, HTTPSourceConnector.self, LogSourceConnector.self,
      PostgresSourceConnector.self,
      StdinSourceConnector.self,
      WebhookSourceConnector.self,
    ],
    targets: [
      DirectusTargetConnector.self, FileTargetConnector.self, HTTPTargetConnector.self, PostgresTargetConnector.self,
      StdoutTargetConnector.self,
    ])

  /// Codes of errors that end a run without being a failure: whoever reads the output has enough.
  package static let quietCodes: Set<String> = [StdoutTarget.closedCode]
}
