import ConnectorKit

/// All that is not deterministic, in one value. A flow asks nothing else: with another world the same code runs on one
/// thread, in virtual time, through thousands of crashes.
package struct World: Sendable {
  /// Monotonic time, since some fixed moment.
  package var now: @Sendable () -> Duration
  /// Milliseconds since 1970, UTC; for people and files, never for decisions.
  package var wallTime: @Sendable () -> Int64
  /// Calls back once, after a while, from anywhere.
  package var alarm: @Sendable (Duration, @escaping @Sendable () -> Void) -> Alarm
  /// Makes a serial lane of that name; two stages share one only where the world says so.
  package var lane: @Sendable (String) -> any TaskExecutor
  /// Uniform over all 64-bit numbers; for jitter.
  package var random: @Sendable () -> UInt64
  package var checkpoints: any CheckpointStore
  package var deadLetters: any DeadLetterSink
  /// What `dedupe` steps remember.
  package var keys: any KeyStore = NoKeyStore()
  /// Hears what the flow does. Called from any lane, several at a time; must return quickly.
  package var observe: @Sendable (Flow.Event) -> Void
  /// Called by a compute lane before it hands a batch on. Nothing in production, where lanes overtake each other by
  /// themselves; in a world of one thread another lane can go first only where one waits.
  package var giveWay: @Sendable () async -> Void = {}
  /// A flaw on purpose; for tests of the tests.
  package var flaw: Flaw?

  package init(
    now: @escaping @Sendable () -> Duration,
    wallTime: @escaping @Sendable () -> Int64,
    alarm: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Alarm,
    lane: @escaping @Sendable (String) -> any TaskExecutor,
    random: @escaping @Sendable () -> UInt64,
    checkpoints: any CheckpointStore,
    deadLetters: any DeadLetterSink,
    observe: @escaping @Sendable (Flow.Event) -> Void
  ) {
    self.now = now
    self.wallTime = wallTime
    self.alarm = alarm
    self.lane = lane
    self.random = random
    self.checkpoints = checkpoints
    self.deadLetters = deadLetters
    self.observe = observe
  }

  /// A callback that is still to come.
  package struct Alarm: Sendable {
    package var cancel: @Sendable () -> Void
    package init(cancel: @escaping @Sendable () -> Void) { self.cancel = cancel }
  }

  /// Waits; ends early with false when the task is cancelled.
  package func sleep(_ duration: Duration) async -> Bool {
    let bell = Bell()
    await bell.wait(for: duration, in: self)
    return !Task.isCancelled
  }

  /// What a connector of this world gets beside its settings.
  package func context(pipeline: String, folder: String, batchBytes: Int, lanes: Int = 1) -> Context {
    let observe = observe
    var context = Context(
      pipeline: pipeline, folder: folder, batchBytes: batchBytes, sleep: { await sleep($0) },
      note: { observe(.note($0)) })
    context.warn = { observe(.warning($0)) }
    context.lanes = lanes
    context.wallTime = wallTime
    context.now = now
    return context
  }
}
