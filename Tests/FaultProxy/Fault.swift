/// What befalls connections that pass through a ``FaultProxy``.
package enum Fault: Sendable, CaseIterable {
  /// Both sides see an orderly end in the middle of what they say.
  case cut
  /// Both sides see a reset.
  case reset
  /// Nothing is passed on. Whoever sends is still acknowledged, until the buffers are full: a program that hangs.
  case stall
  /// Nothing that arrives is acknowledged: a machine that is gone, or a network that drops everything.
  case vanish
}

/// Which way bytes go.
package enum Direction: Sendable {
  case toServer, toClient
}
