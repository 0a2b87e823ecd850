/// What a target does with a row.
public enum RowOperation: UInt8, BitwiseCopyable, Sendable {
  case upsert, delete, truncate

  /// Written out, so that other modules compare two bytes and call nothing.
  @inlinable @inline(__always)
  public static func == (a: RowOperation, b: RowOperation) -> Bool { a.rawValue == b.rawValue }
}

/// One mapped row: its cells stand in ``Rows/cells`` from `firstCell` on, one a column.
public struct Row: BitwiseCopyable, Sendable {
  public var operation: RowOperation
  /// Which of the target's streams it belongs to; 0 where there is one.
  public var stream: UInt16 = 0
  /// Index of the event that the row was made of.
  public var event: UInt32
  public var firstCell: UInt32
  /// Node index of the record whose other members are passed on (`mappings: all`), or ``Event/none``.
  public var rest: UInt32
  /// A hash of the key's values: rows of one key always take the same lane.
  public var keyHash: UInt64

  @inlinable public init(_ operation: RowOperation, event: UInt32, firstCell: UInt32, rest: UInt32, keyHash: UInt64) {
    self.operation = operation
    self.event = event
    self.firstCell = firstCell
    self.rest = rest
    self.keyHash = keyHash
  }
}

/// The mapped rows of a batch. A cell is a ``Node`` whose text stands in the batch's bytes; `next` of a container's cell
/// is the index of the node that it copies.
public struct Rows: ~Copyable {
  public var rows = RawArray<Row>()
  public var cells = RawArray<Node>()

  public init() {}

  public mutating func reset() {
    rows.shrink(to: 1 << 16)
    cells.shrink(to: 1 << 20)
  }
}

/// The columns that a mapping makes, in order.
public struct Columns: Sendable, Equatable {
  public var names: [String]
  /// Indices into `names` of the columns that make up the key, in the key's order; empty where the target has none.
  public var key: [Int]
  /// nil: the named columns are all. Otherwise the record's other members follow them, without the excluded ones.
  public var rest: Rest?
  /// The cast of each column, as the pipeline file names it; nil where it has none. Shorter where nobody asks for it.
  public var casts: [String?] = []
  /// The member of the record that each column copies as it is; nil where it is made otherwise. Shorter likewise.
  public var origins: [String?] = []

  /// What is known of the values of each column; empty where nothing is.
  public var made: [Made] = []

  /// What a column's values are, as far as the types of the source's columns tell.
  public struct Made: Sendable, Equatable {
    /// As expressions call it: `decimal`; nil where anything may be made.
    public var type: String?
    public var mayBeNull: Bool

    public init(type: String?, mayBeNull: Bool) {
      self.type = type
      self.mayBeNull = mayBeNull
    }
  }

  public struct Rest: Sendable, Equatable {
    /// Members of the record that are not passed on, because a column has their name or the file drops them.
    public var excluded: [String]
    public init(excluded: [String]) { self.excluded = excluded }
  }

  public init(names: [String], key: [Int] = [], rest: Rest? = nil) {
    self.names = names
    self.key = key
    self.rest = rest
  }
}
