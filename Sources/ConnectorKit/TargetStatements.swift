/// A target that can say beforehand how it talks with its server (`millrace plan`).
package protocol StatementsTargetConnector: TargetConnector {
  /// The statements that store the rows of a stream, as far as they are known without the server.
  func statements(_ stream: TargetStream) -> [String]

  /// The same for each stream, with what only the server knows, such as the tables' own keys; they show no secret. nil
  /// where there is no more to know.
  func statements(_ streams: [TargetStream], from context: Context) async throws(ConnectorError) -> [[String]]?
}

extension StatementsTargetConnector {
  package func statements(
    _ streams: [TargetStream], from context: Context
  ) async throws(ConnectorError) -> [[String]]? { nil }
}
