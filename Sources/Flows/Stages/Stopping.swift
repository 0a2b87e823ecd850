import Synchronization

/// How far a stop has gone.
final class Stopping: Sendable {
  enum Level: Int, Sendable { case none, drain, force }

  private let state = Mutex(Level.none)
  private let drain = Bell()
  private let force = Bell()

  var isAsked: Bool { level != .none }

  private var level: Level { state.withLock { $0 } }

  /// Says that one more stop was asked for, and what that means.
  func next() -> Level {
    let level = state.withLock { level in
      level = level == .none ? .drain : .force
      return level
    }
    drain.ring()
    force.ring()
    return level
  }

  /// Returns at the first stop, or when the task is cancelled.
  func waitForDrain() async {
    while level == .none && !Task.isCancelled { await drain.wait() }
  }

  /// Returns at the second stop, when a drain has taken `longest`, or when the task is cancelled.
  func waitForForce(drainFor longest: Duration, in world: World) async {
    while level == .none && !Task.isCancelled { await force.wait() }
    let deadline = world.now() + longest
    while level == .drain && !Task.isCancelled {
      let rest = deadline - world.now()
      if rest <= .zero { return }
      await force.wait(for: rest, in: world)
    }
  }
}
