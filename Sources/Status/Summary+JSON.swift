import Flows
import Records

extension Flow.Summary {
  /// The last line of `run --json`.
  package func json(_ pipeline: String, _ files: StateFiles) -> Value {
    .object(
      [.init("pipeline", .string(pipeline))] + Self.members(counts, retries: retries, seconds: seconds) + [
        .init("checkpoint", checkpoint.summary(path: files.checkpoint)),
        .init("dead_letters", .string(files.deadLetters)),
      ])
  }

  /// Counts, retries and seconds, as every summary has them.
  package static func members(_ counts: Counts, retries: UInt64, seconds: Double) -> [Value.Member] {
    guard case .object(let buckets) = counts.value else { return [] }
    return buckets + [
      .init("retries", .int(Int64(clamping: retries))),
      .init("seconds", .number(Quantity.decimal(seconds, digits: 3))),
    ]
  }
}

extension Checkpoint {
  /// What people and machines ask of a checkpoint.
  package func summary(path: String) -> Value {
    [
      "path": .string(path), "stage": .string(stage.rawValue), "position": position?.value ?? .null,
      "saved_at": .string(WallTime.text(savedAt)),
    ]
  }
}

/// Where a pipeline keeps what it must not forget.
package struct StateFiles: Sendable, Equatable {
  package var checkpoint: String
  package var deadLetters: String

  package init(checkpoint: String, deadLetters: String) {
    self.checkpoint = checkpoint
    self.deadLetters = deadLetters
  }
}
