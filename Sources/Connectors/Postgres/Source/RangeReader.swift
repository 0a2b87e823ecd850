import ConnectorKit
import Glibc
import Records

/// Reads one range at a time over a connection of its own, without waiting for the server.
final class RangeReader {
  /// What is read.
  enum Work: Equatable {
    /// An open range, by its index in the progress.
    case range(TableProgress.Range)
    /// The next rows behind the frontier.
    case tail
  }

  let connection: PostgresConnection
  private(set) var work: Work?
  /// Rows of the current COPY.
  private(set) var rows = 0
  /// Whether the current COPY has no more.
  private(set) var isAtEnd = false
  /// How many of the rows were taken.
  private var taken = 0
  private var output = CopyOutput()
  /// Where the last row begins in its batch.
  private(set) var lastRow = 0
  private(set) var limit: Int?

  init(_ connection: PostgresConnection) { self.connection = connection }

  func begin(_ work: Work, _ sql: String, limit: Int?) throws(PostgresError) {
    try connection.beginCopyOut(sql)
    self.work = work
    self.limit = limit
    rows = 0
    taken = 0
    output = CopyOutput()
    isAtEnd = false
  }

  /// What ``fill(_:upTo:)`` came to.
  enum Filled {
    /// The batch holds as much as it should.
    case full
    /// Nothing more has arrived yet.
    case waiting
    /// The range has no more.
    case end
  }

  /// Appends rows that have arrived, until the batch holds so many bytes.
  func fill(_ batch: Batch, upTo bytesMax: Int) throws(PostgresError) -> Filled {
    var hasConsumed = false
    while batch.bytes.count < bytesMax {
      let start = batch.bytes.count
      switch try output.receive(from: connection, into: &batch.bytes) {
      case .row:
        rows += 1
        lastRow = start
      case .end:
        isAtEnd = true
        return .end
      case .nothingYet:
        if hasConsumed { return .waiting }
        try connection.consume()
        hasConsumed = true
        continue
      }
      hasConsumed = false
    }
    return .full
  }

  /// How many rows came since they were last taken.
  func takeRows() -> Int {
    defer { taken = rows }
    return rows - taken
  }

  func move(to range: TableProgress.Range) { work = .range(range) }

  func end() { work = nil }
}
