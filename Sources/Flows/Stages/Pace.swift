import Synchronization

/// Holds the compute lanes to the pipeline's rate, together.
final class Pace: Sendable {
  private let limit: Mutex<RateLimit>
  private let world: World

  /// - Parameter rate: events a second.
  init(rate: Double, in world: World) {
    limit = Mutex(RateLimit(rate: rate, now: world.now()))
    self.world = world
  }

  /// False when the task was cancelled.
  func wait(for events: Int) async -> Bool {
    let delay = limit.withLock { $0.take(events, at: world.now()) }
    return delay == .zero ? true : await world.sleep(delay)
  }
}
