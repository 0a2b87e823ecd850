import ConnectorKit
import Records

/// One thing in which an example came out otherwise than expected.
package struct Difference: Sendable, Equatable {
  /// A value that was expected beside the one that there is.
  package struct Line: Sendable, Equatable {
    package var name: String
    /// As they would stand in the file; nil where there is none.
    package var expected: String?
    package var got: String?
    /// Where the expectation stands in the file, where it has a place of its own.
    package var place: Place?
  }

  /// Where the expectation stands, or where one is missing.
  package var place: Place
  /// What it is about: `row 2`, `dead letter 1`, `counts`.
  package var subject: String
  /// One sentence without a full stop.
  package var message: String
  package var lines: [Line] = []
}
