/// A stretch of a file, for messages.
package struct Place: Sendable, Hashable {
  /// As the user named it.
  package var file: String
  /// Counted from 1. A message about the file as a whole points at line 1, column 1.
  package var line: Int
  /// Counted from 1, in characters (code points).
  package var column: Int
  /// Where the stretch ends: the first character after it.
  package var endLine: Int
  package var endColumn: Int

  package init(file: String, line: Int = 1, column: Int = 1, endLine: Int? = nil, endColumn: Int? = nil) {
    self.file = file
    self.line = line
    self.column = column
    self.endLine = endLine ?? line
    self.endColumn = endColumn ?? column
  }
}

extension Place: Comparable {
  package static func < (a: Place, b: Place) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }
}

extension Place: CustomStringConvertible {
  package var description: String { "\(file):\(line):\(column)" }
}
