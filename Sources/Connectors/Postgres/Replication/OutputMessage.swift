/// A message of PostgreSQL's output plugin `pgoutput`, protocol versions 1 to 4, text format.
///
/// Rows stay where they stand in the message's bytes: a ``Tuple`` is a place, and its cells are read by a ``TupleReader``.
enum OutputMessage: Equatable {
  case begin(Begin)
  case commit(Commit)
  case origin(name: String)
  case relation(RelationMessage)
  /// A type that the server was not born with; its columns' relations name it by its id.
  case type(id: UInt32, schema: String, name: String)
  case insert(relation: UInt32, new: Tuple)
  case update(relation: UInt32, old: OldTuple?, new: Tuple)
  case delete(relation: UInt32, old: OldTuple)
  case truncate(relations: [UInt32], cascades: Bool, restartsIdentities: Bool)
  case message(LogicalMessage)

  // Transactions that are sent before they end.
  case streamStart(transaction: UInt32, isFirst: Bool)
  case streamStop
  case streamCommit(transaction: UInt32, Commit)
  /// A subtransaction, or where both are the same the whole transaction, did not happen.
  case streamAbort(transaction: UInt32, subtransaction: UInt32)

  // Two-phase commits.
  case beginPrepare(Prepare)
  case prepare(Prepare)
  case commitPrepared(Prepare)
  case rollbackPrepared(Prepare)
  case streamPrepare(Prepare)
}

extension OutputMessage {
  struct Begin: Equatable, Sendable {
    /// Where the transaction's commit stands; what tells one transaction from all others.
    var commit: LSN
    /// Microseconds since 2000, UTC.
    var time: Int64
    var transaction: UInt32

    /// As the server sends it.
    var bytes: [UInt8] {
      var bytes = [UInt8(ascii: "B")]
      withUnsafeBytes(of: commit.rawValue.bigEndian) { bytes += $0 }
      withUnsafeBytes(of: time.bigEndian) { bytes += $0 }
      withUnsafeBytes(of: transaction.bigEndian) { bytes += $0 }
      return bytes
    }
  }

  struct Commit: Equatable, Sendable {
    var commit: LSN
    /// Behind the commit: where a reader goes on that has the whole transaction.
    var end: LSN
    var time: Int64
  }

  /// The place of a row's cells.
  struct Tuple: Equatable, Sendable {
    var columns: Int
    /// Behind the number of columns.
    var bytes: Range<Int>
  }

  struct OldTuple: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
      /// The replica identity's columns; all others are null and say nothing.
      case key = 0x4b
      /// The whole row.
      case row = 0x4f
    }
    var kind: Kind
    var tuple: Tuple
  }

  struct LogicalMessage: Equatable, Sendable {
    /// Whether it belongs to the transaction that it stands in.
    var isTransactional: Bool
    var lsn: LSN
    var prefix: String
    var content: Range<Int>
  }

  struct Prepare: Equatable, Sendable {
    var transaction: UInt32
    /// The name that the application gave it.
    var name: String
    /// Where the prepare, or what ends it, stands.
    var lsn: LSN
    var end: LSN
    var time: Int64
  }
}

/// How a table looks from here on, as the stream tells it.
struct RelationMessage: Equatable, Sendable {
  struct Column: Equatable, Sendable {
    /// Whether it belongs to the replica identity.
    var isIdentity: Bool
    var name: String
    var type: UInt32
    var modifier: Int32
  }

  enum Identity: UInt8, Sendable {
    /// The primary key.
    case primaryKey = 0x64
    case nothing = 0x6e
    /// The whole row.
    case full = 0x66
    case index = 0x69
  }

  var id: UInt32
  var schema: String
  var name: String
  var identity: Identity
  var columns: [Column]
}
