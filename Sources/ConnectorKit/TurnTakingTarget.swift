/// A target into which a part of a source's rows can be loaded while a pipeline stores their changes: both store in turns.
package protocol TurnTakingTargetConnector: TargetConnector {
  /// Whether it does so as it is set up.
  func takesTurns(lanes: Int) -> Bool
}
