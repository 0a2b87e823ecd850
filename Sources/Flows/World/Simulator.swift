import Glibc

/// A one-threaded world with a virtual clock: keeps the jobs of all lanes, lets a seed pick the lane that goes next, and
/// moves the clock on when nothing can run.
///
/// `@unchecked Sendable`: everything happens on the thread that made it, which `enqueue` checks; a job that escaped to
/// another executor is caught there.
package final class Simulator: @unchecked Sendable {
  package var random: SeededRandom
  package private(set) var time: Duration = .zero
  /// How many jobs have run.
  package private(set) var steps = 0
  /// A hash over everything that happened, in order.
  package private(set) var trace: UInt64 = 0xcbf2_9ce4_8422_2325
  /// False from the crash on: nothing that is done then has an effect.
  package var isAlive = true

  /// Lanes with jobs, each once.
  private var ready: [Lane] = []
  /// Alarms whose time has come.
  private var due: [Call] = []
  private var future: [Call] = []
  private var alarmNumber: UInt64 = 0
  private let thread = pthread_self()

  private struct Call {
    var at: Duration
    var number: UInt64
    var call: @Sendable () -> Void
  }

  package init(seed: UInt64) { random = SeededRandom(seed: seed) }

  package final class Lane: TaskExecutor, @unchecked Sendable {
    fileprivate let number: UInt64
    fileprivate var jobs: [UnownedJob] = []
    private unowned let simulator: Simulator

    fileprivate init(_ name: String, _ simulator: Simulator) {
      number = name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
      self.simulator = simulator
    }

    package func enqueue(_ job: consuming ExecutorJob) {
      precondition(pthread_equal(simulator.thread, pthread_self()) != 0, "a job ran outside of the simulation")
      if jobs.isEmpty { simulator.ready.append(self) }
      jobs.append(UnownedJob(job))
    }
  }

  package func lane(_ name: String) -> Lane { Lane(name, self) }

  package func alarm(_ after: Duration, _ call: @escaping @Sendable () -> Void) -> World.Alarm {
    alarmNumber += 1
    let number = alarmNumber
    let alarm = Call(at: time + after, number: number, call: call)
    if after <= .zero { due.append(alarm) } else { future.append(alarm) }
    return World.Alarm { [self] in
      future.removeAll { $0.number == number }
      due.removeAll { $0.number == number }
    }
  }

  /// Runs one job or one alarm that is due, whichever the seed picks; moves the clock to the next alarm when there is
  /// neither. False when nothing will ever happen again.
  package func step() -> Bool {
    let choices = ready.count + due.count
    guard choices > 0 else { return moveClock() }
    steps += 1
    let choice = random.below(choices)
    if choice < ready.count {
      run(choice)
    } else {
      due.remove(at: choice - ready.count).call()
    }
    return true
  }

  private func run(_ choice: Int) {
    let lane = ready[choice]
    let job = lane.jobs.removeFirst()
    if lane.jobs.isEmpty { ready.remove(at: choice) }
    note(lane.number)
    job.runSynchronously(on: lane.asUnownedTaskExecutor())
  }

  private func moveClock() -> Bool {
    guard var next = future.first?.at else { return false }
    for alarm in future where alarm.at < next { next = alarm.at }
    time = next
    due = future.filter { $0.at <= next }
    future.removeAll { $0.at <= next }
    return true
  }

  /// Gives way to everything else, for a moment that the seed chooses.
  package func pause(upTo longest: Duration = .milliseconds(3)) async {
    let share = random.below(8)
    let wait = share < 5 || !isAlive ? .zero : longest * (share - 4) / 3
    await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
      _ = alarm(wait) { waiter.resume() }
    }
  }

  package func note(_ what: UInt64) { trace = (trace ^ what) &* 0x9e37_79b9_7f4a_7c15 }
}

/// SplitMix64, https://prng.di.unimi.it/splitmix64.c
package struct SeededRandom: Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
  package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
