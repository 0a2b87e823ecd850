/// A table of a source, as a pipeline sees it.
public struct SourceTable: Sendable, Equatable {
  /// nil where the source has no schemas.
  public var schema: String?
  public var name: String
  /// The columns that identify a row: the primary key, or what else the source identifies rows by; empty without one.
  public var key: [String]
  /// In the source's order; empty where it does not know them beforehand.
  public var columns: [Column]
  /// Whose words the columns' types are: `postgres`; nil where nobody's.
  public var system: String?

  public struct Column: Sendable, Equatable {
    public var name: String
    /// The type in the source's own words, `numeric(12,2)`.
    public var type: String
    public var isNotNull: Bool

    public init(_ name: String, type: String, isNotNull: Bool = false) {
      self.name = name
      self.type = type
      self.isNotNull = isNotNull
    }
  }

  public init(schema: String? = nil, name: String, key: [String] = [], columns: [Column] = [], system: String? = nil) {
    self.schema = schema
    self.name = name
    self.key = key
    self.columns = columns
    self.system = system
  }

  /// As people name it: `shop.products`.
  public var fullName: String { schema.map { "\($0).\(name)" } ?? name }
}

/// The tables that the events of a batch come from; ``Event/table`` counts through them.
///
/// An object that never changes, so that whoever has learned what its tables mean compares one reference a batch. A
/// source gives the same one with each batch, and another one when a table changes or comes along.
public final class TableList: Sendable {
  public let tables: [SourceTable]

  public init(_ tables: [SourceTable]) { self.tables = tables }
}
