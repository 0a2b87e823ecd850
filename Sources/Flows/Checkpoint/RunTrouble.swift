import ConnectorKit

/// What holds a run up, so that another process can tell: an outage whose breaker is open.
///
/// A value that is fed with what happens in the flow.
struct RunTrouble: Equatable {
  private var party: Flow.Party?
  /// Milliseconds since 1970.
  private var since: Int64 = 0
  private var message = ""

  /// Takes what happened.
  ///
  /// - Returns: whether the ``text`` is another one now.
  mutating func take(_ event: Flow.Event, at now: Int64) -> Bool {
    let before = self
    switch event {
    case .circuitOpened(let party, _, let error):
      if self.party == nil { since = now }
      (self.party, message) = (party, error.message)
    case .recovered(let party) where party == self.party: self = RunTrouble()
    default: return false
    }
    return self != before
  }

  /// One line; nil where nothing is the matter.
  var text: String? {
    guard let party else { return nil }
    let who = party == .source ? "the source" : "the target"
    let line = message.split { $0.isNewline }.joined(separator: " ")
    return "\(who) does not answer since \(WallTime.text(since).prefix(19))Z: \(line)"
  }
}
