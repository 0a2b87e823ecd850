import Dispatch
import Glibc

extension World {
  /// The world that programs live in: Dispatch, the machine's clocks, files.
  package static func system(
    checkpoints: any CheckpointStore, deadLetters: any DeadLetterSink,
    observe: @escaping @Sendable (Flow.Event) -> Void
  ) -> World {
    World(
      now: { SystemTime.now() },
      wallTime: { SystemTime.wallTime() },
      alarm: { after, call in SystemTime.alarm(after, call) },
      lane: { DispatchLane($0) },
      random: { UInt64.random(in: .min ... .max) },
      checkpoints: checkpoints, deadLetters: deadLetters, observe: observe)
  }
}

/// The machine's clocks.
package enum SystemTime {
  private static let alarms = DispatchQueue(label: "millrace.alarms")

  /// Monotonic, since the machine started.
  package static func now() -> Duration { .nanoseconds(nanoseconds(CLOCK_MONOTONIC)) }

  /// Milliseconds since 1970, UTC.
  package static func wallTime() -> Int64 { nanoseconds(CLOCK_REALTIME) / 1_000_000 }

  /// Waits, outside of any flow.
  package static func sleep(_ duration: Duration) async {
    await withCheckedContinuation { continuation in _ = alarm(duration) { continuation.resume() } }
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  fileprivate static func alarm(_ after: Duration, _ call: @escaping @Sendable () -> Void) -> World.Alarm {
    let item = UncheckedItem(DispatchWorkItem(block: call))
    alarms.asyncAfter(deadline: .now() + .nanoseconds(clampedNanoseconds(after)), execute: item.item)
    return World.Alarm { item.item.cancel() }
  }

  /// Whole nanoseconds, no more than a hundred years of them.
  private static func clampedNanoseconds(_ duration: Duration) -> Int {
    let seconds = max(0, min(duration.components.seconds, 3_155_760_000))
    return Int(seconds) * 1_000_000_000 + Int(max(0, duration.components.attoseconds / 1_000_000_000))
  }

  /// `@unchecked Sendable`: the one call made on a work item after it is enqueued is `cancel`, which Dispatch allows
  /// from any thread.
  private struct UncheckedItem: @unchecked Sendable {
    let item: DispatchWorkItem
    init(_ item: DispatchWorkItem) { self.item = item }
  }
}
