/// How cells are written in a CSV file (RFC 4180, with a delimiter and a spelling of null of its own).
public struct CSVDialect: Sendable, Equatable {
  public static let quote = UInt8(ascii: "\"")

  /// Between two cells; one ASCII byte.
  public var delimiter: UInt8
  /// The text of a cell without quotes that stands for null; nil where no cell does, so that an empty cell is an empty
  /// text.
  public var null: [UInt8]?

  public init(delimiter: UInt8 = UInt8(ascii: ","), null: String? = nil) {
    self.delimiter = delimiter
    self.null = null.map { Array($0.utf8) }
  }
}
