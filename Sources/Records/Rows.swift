/// What a target does with a row.
package enum RowOperation: UInt8, BitwiseCopyable, Sendable {
  case upsert, delete, truncate

  /// Written out, so that other modules compare two bytes and call nothing.
  @inline(__always)
  package static func == (a: RowOperation, b: RowOperation) -> Bool { a.rawValue == b.rawValue }
}

/// One mapped row: its cells stand in ``Rows/cells`` from `firstCell` on, one a column.
package struct Row: BitwiseCopyable, Sendable {
  package var operation: RowOperation
  /// Which of the target's streams it belongs to; 0 where there is one.
  package var stream: UInt16 = 0
  /// Index of the event that the row was made of.
  package var event: UInt32
  package var firstCell: UInt32
  /// Node index of the record whose other members are passed on (`mappings: all`), or ``Event/none``.
  package var rest: UInt32
  /// A hash of the key's values: rows of one key always take the same lane.
  package var keyHash: UInt64

  package init(_ operation: RowOperation, event: UInt32, firstCell: UInt32, rest: UInt32, keyHash: UInt64) {
    self.operation = operation
    self.event = event
    self.firstCell = firstCell
    self.rest = rest
    self.keyHash = keyHash
  }
}

/// The mapped rows of a batch. A cell is a ``Node`` whose text stands in the batch's bytes; `next` of a container's cell
/// is the index of the node that it copies.
package struct Rows: ~Copyable {
  package var rows = RawArray<Row>()
  package var cells = RawArray<Node>()

  package init() {}

  package mutating func reset() {
    rows.shrink(to: 1 << 16)
    cells.shrink(to: 1 << 20)
  }
}

/// The columns that a mapping makes, in order.
package struct Columns: Sendable, Equatable {
  package var names: [String]
  /// Indices into `names` of the columns that make up the key, in the key's order; empty where the target has none.
  package var key: [Int]
  /// nil: the named columns are all. Otherwise the record's other members follow them, without the excluded ones.
  package var rest: Rest?
  /// The cast of each column, as the pipeline file names it; nil where it has none. Shorter where nobody asks for it.
  package var casts: [String?] = []
  /// The member of the record that each column copies as it is; nil where it is made otherwise. Shorter likewise.
  package var origins: [String?] = []

  /// What is known of the values of each column; empty where nothing is.
  package var made: [Made] = []

  /// What a column's values are, as far as the types of the source's columns tell.
  package struct Made: Sendable, Equatable {
    /// As expressions call it: `decimal`; nil where anything may be made.
    package var type: String?
    package var mayBeNull: Bool

    package init(type: String?, mayBeNull: Bool) {
      self.type = type
      self.mayBeNull = mayBeNull
    }
  }

  package struct Rest: Sendable, Equatable {
    /// Members of the record that are not passed on, because a column has their name or the file drops them.
    package var excluded: [String]
    package init(excluded: [String]) { self.excluded = excluded }
  }

  package init(names: [String], key: [Int] = [], rest: Rest? = nil) {
    self.names = names
    self.key = key
    self.rest = rest
  }
}
