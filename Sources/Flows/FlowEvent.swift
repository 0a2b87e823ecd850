import ConnectorKit
import Records

extension Flow {
  /// Who the flow talks with.
  package enum Party: Sendable, Equatable, CustomStringConvertible {
    case source
    case target(lane: Int)

    package var description: String {
      switch self {
      case .source: "The source"
      case .target(let lane): lane == 0 ? "The target" : "The target (lane \(lane))"
      }
    }
  }

  /// What happens in a flow, told while it happens; what people see is made of these.
  package enum Event: Sendable {
    /// Everything is open. `position` is nil at the very first start.
    case started(position: Position?, run: UInt64, extent: Extent?)
    /// A batch was read.
    case read(bytes: Int, inFlightBytes: Int)
    /// Every event of a batch reached its bucket.
    case settled(Counts)
    case retrying(Party, attempt: Int, after: Duration, ConnectorError)
    case circuitOpened(Party, for: Duration, ConnectorError)
    /// The target fails for a row and stores others: `rows` of its key wait.
    case parked(Party, attempt: Int, after: Duration, rows: Int, ConnectorError)
    case probing(Party)
    case recovered(Party)
    case deadLettered(DeadLetter)
    /// The checkpoint is durable up to this position.
    case checkpointed(Checkpoint)
    case acknowledged(positions: Int)
    /// How far the targets are behind the source, after each acknowledgement.
    case lag(Lag)
    /// Events are in flight and none has moved for so long.
    case stalled(for: Duration, inFlightBytes: Int)
    /// A stop was asked for; what is in flight drains.
    case draining
    case note(String)
    /// The same, where it keeps a connector from its work.
    case warning(String)
    case finished(Summary)
  }

  /// How a run went.
  package struct Summary: Sendable, Equatable {
    /// Of this run.
    package var counts: Counts
    /// Writes, reads and acknowledgements that were tried again.
    package var retries: UInt64
    package var seconds: Double
    /// Whether the source ended; otherwise the run was stopped.
    package var ended: Bool
    /// The last one that was saved; its totals are those of all runs.
    package var checkpoint: Checkpoint
  }
}
