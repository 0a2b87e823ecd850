import Records

/// A target whose rows can be read back, so that they can be compared with the source's (`millrace verify`).
package protocol ReadableTargetConnector: TargetConnector {
  /// What reads the rows of a stream that the target holds now: records under the names of its columns. Rows that only
  /// stand for deleted ones are left out. With ``SourcePart/keys`` in the context only those are read, where
  /// ``readsByKey`` says so.
  func makeReader(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> any Source

  /// Whether the rows of a stream can be read without naming their keys; otherwise ``readsByKey`` holds, and what the target
  /// has beside the keys that it is asked for stays unseen.
  func listsRows(_ stream: TargetStream) -> Bool

  /// Whether rows can be found by their key without reading all of them.
  var readsByKey: Bool { get }

  /// Whether a number, a boolean and a null come back as what they are; otherwise all are texts.
  var keepsTypes: Bool { get }

  /// What becomes of texts in the columns of a stream; nil where they stay as they are.
  func makeStoredForms(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> (any StoredForms)?
}

extension ReadableTargetConnector {
  package func listsRows(_ stream: TargetStream) -> Bool { true }
  package var readsByKey: Bool { false }
  package var keepsTypes: Bool { true }
  package func makeStoredForms(
    _ context: Context, _ stream: TargetStream
  ) throws(ConnectorError) -> (any StoredForms)? { nil }
}

/// Says what a text is once the target has stored it: `1 day` may be `1 days`, and 12.345 in two digits 12.35.
///
/// All calls come from one lane, one at a time.
package protocol StoredForms: Sendable {
  /// The form of each text, in their order; nil where the column does not take it. At most ``formsMax`` at once.
  func forms(of texts: [StoredText]) async throws(ConnectorError) -> [String?]

  /// Lets go of everything.
  func close() async
}

extension StoredForms {
  /// The most texts of one call.
  package static var formsMax: Int { 500 }
}

/// A text, and the column that it is for.
package struct StoredText: Sendable, Equatable {
  package var column: String
  package var text: String

  package init(column: String, text: String) {
    self.column = column
    self.text = text
  }
}
