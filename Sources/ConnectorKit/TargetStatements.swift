/// A target that can say beforehand how it talks with its server (`millrace plan`).
package protocol StatementsTargetConnector: TargetConnector {
  /// The statements that store the rows of a stream, as far as they are known without the server.
  func statements(_ stream: TargetStream) -> [String]
}
