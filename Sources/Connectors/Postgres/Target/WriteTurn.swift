import ConnectorKit

/// Whose turn it is to write what a pipeline keeps in step: its own transactions share it, and a backfill beside it has it
/// alone. So nothing that the backfill has read becomes older than what the target holds, and no change is overwritten by
/// an earlier state of its row; what the pipeline stores afterwards is what has changed since.
enum WriteTurn: Sendable, Equatable {
  /// Of the pipeline's transactions, each for itself.
  case shared(pipeline: String)
  /// Of a backfill, until its connection ends.
  case alone(pipeline: String)

  private static func key(_ pipeline: String) -> String {
    "hashtextextended(\(SQLText.quoted("millrace turn of " + pipeline)), 0)"
  }

  /// What a transaction begins with.
  var begin: [String] {
    guard case .shared(let pipeline) = self else { return [] }
    return ["SELECT pg_advisory_xact_lock_shared(\(Self.key(pipeline)))"]
  }

  /// What a connection begins with: it waits for the transactions that are under way.
  var connect: String? {
    guard case .alone(let pipeline) = self else { return nil }
    return "SELECT pg_advisory_lock(\(Self.key(pipeline)))"
  }

  static var lost: ConnectorError {
    ConnectorError(
      "postgres.turn_lost",
      "The connection broke that kept the pipeline from storing changes while a part of its rows is loaded: they are read again.",
      remedy: .reopen)
  }
}
