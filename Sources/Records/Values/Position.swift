/// Where a source can go on. Only the source that made it can read it; everybody else keeps it and hands it back.
public struct Position: Sendable, Equatable {
  /// The version of the shape of `value`, so that an old checkpoint is read or refused, never misread.
  public var format: Int
  public var value: Value

  public init(format: Int, value: Value) {
    self.format = format
    self.value = value
  }

  /// Before anything was read.
  public static let start = Position(format: 0, value: .null)
}
