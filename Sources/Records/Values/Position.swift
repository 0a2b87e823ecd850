/// Where a source can go on. Only the source that made it can read it; everybody else keeps it and hands it back.
package struct Position: Sendable, Equatable {
  /// The version of the shape of `value`, so that an old checkpoint is read or refused, never misread.
  package var format: Int
  package var value: Value

  package init(format: Int, value: Value) {
    self.format = format
    self.value = value
  }

  /// Before anything was read.
  package static let start = Position(format: 0, value: .null)
}
