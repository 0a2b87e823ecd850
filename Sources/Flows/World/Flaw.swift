/// A way to break the engine on purpose. The simulation is trusted because it catches each of them.
package enum Flaw: String, Sendable, CaseIterable {
  /// The checkpoint is saved when it is due, not when the targets are durable.
  case checkpointBeforeWrite
  /// The source hears of safety before the checkpoint is durable.
  case acknowledgeBeforeCheckpoint
  /// An acknowledgement that fails once is forgotten.
  case droppedAcknowledgement
  /// The safe position is the highest that was seen, not the end of an unbroken row.
  case highestSeen
  /// A full hand-over drops instead of waiting.
  case fullHandoverDrops
  /// Rows take the lanes in turn, whatever their key.
  case lanesInTurn
  /// Targets are not flushed before the checkpoint.
  case noFlush
  /// Batches reach the target in the order in which their computing ended.
  case orderNotRestored
  /// Dead letters are not made durable before the checkpoint.
  case deadLettersNotDurable
  /// A rejected row is counted as written.
  case rejectionIgnored
  /// Rows overtake a parked row of their key.
  case parkedIsOvertaken
  /// A batch with parked rows counts as stored.
  case parkedIsForgotten
  /// A target commits when a write ends, wherever the source's transactions end.
  case tornTransactions
  /// What a target held and lost is not given again.
  case heldIsForgotten
  /// What a target committed and lost in a crash is not given again.
  case lossIsIgnored
  /// What `dedupe` remembers is not cut back to the place that a run starts from.
  case keysNotCutBack
  /// What `dedupe` remembers is not made durable before the checkpoint.
  case keysNotDurable
  /// What a replay of dead letters let through is thrown away as soon as a run has read it.
  case replayedKeysGoEarly
}
