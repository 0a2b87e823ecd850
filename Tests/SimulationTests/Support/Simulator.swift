import Flows
import Glibc

/// A one-threaded world with a virtual clock: keeps the jobs of all lanes, lets a seed pick the lane that goes next, and
/// moves the clock on when nothing can run.
///
/// `@unchecked Sendable`: everything happens on the thread that made it, which `enqueue` checks; a job that escaped to
/// another executor is caught there.
final class Simulator: @unchecked Sendable {
  var random: SeededRandom
  private(set) var time: Duration = .zero
  /// How many jobs have run.
  private(set) var steps = 0
  /// A hash over everything that happened, in order.
  private(set) var trace: UInt64 = 0xcbf2_9ce4_8422_2325
  /// False from the crash on: nothing that is done then has an effect.
  var isAlive = true

  private var lanes: [Lane] = []
  private var alarms: [(at: Duration, number: UInt64, call: @Sendable () -> Void)] = []
  private var alarmNumber: UInt64 = 0
  private let thread = pthread_self()

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  final class Lane: TaskExecutor, @unchecked Sendable {
    let name: String
    fileprivate var jobs: [UnownedJob] = []
    private unowned let simulator: Simulator

    fileprivate init(_ name: String, _ simulator: Simulator) {
      self.name = name
      self.simulator = simulator
    }

    func enqueue(_ job: consuming ExecutorJob) {
      precondition(pthread_equal(simulator.thread, pthread_self()) != 0, "a job ran outside of the simulation")
      jobs.append(UnownedJob(job))
    }
  }

  func lane(_ name: String) -> Lane {
    let lane = Lane(name, self)
    lanes.append(lane)
    return lane
  }

  func alarm(_ after: Duration, _ call: @escaping @Sendable () -> Void) -> World.Alarm {
    alarmNumber += 1
    let number = alarmNumber
    alarms.append((time + after, number, call))
    return World.Alarm { [self] in alarms.removeAll { $0.number == number } }
  }

  /// Runs one job or one alarm that is due, whichever the seed picks; moves the clock to the next alarm when there is
  /// neither. False when nothing will ever happen again.
  func step() -> Bool {
    let ready = lanes.indices.filter { !lanes[$0].jobs.isEmpty }
    let due = alarms.indices.filter { alarms[$0].at <= time }
    guard !ready.isEmpty || !due.isEmpty else { return moveClock() }
    steps += 1
    let choice = random.below(ready.count + due.count)
    if choice < ready.count {
      run(lanes[ready[choice]])
    } else {
      alarms.remove(at: due[choice - ready.count]).call()
    }
    return true
  }

  private func run(_ lane: Lane) {
    let job = lane.jobs.removeFirst()
    note(lane.name)
    job.runSynchronously(on: lane.asUnownedTaskExecutor())
  }

  private func moveClock() -> Bool {
    guard let next = alarms.map(\.at).min() else { return false }
    time = next
    return true
  }

  /// Gives way to everything else, for a moment that the seed chooses.
  func pause(upTo longest: Duration = .milliseconds(3)) async {
    let share = random.below(8)
    let wait = share < 5 || !isAlive ? .zero : longest * (share - 4) / 3
    await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
      _ = alarm(wait) { waiter.resume() }
    }
  }

  func note(_ text: String) {
    for byte in text.utf8 { trace = (trace ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }
}

/// SplitMix64, https://prng.di.unimi.it/splitmix64.c
struct SeededRandom: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
