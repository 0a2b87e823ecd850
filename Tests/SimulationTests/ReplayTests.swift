import Flows
import Testing

/// An event that was a dead letter and was replayed is a duplicate when it comes again, whenever the power fails.
struct ReplayTests {
  /// Callers bring six events, of which the target refuses the third; it comes again as the fifth, after its replay.
  private static func story(_ target: Scenario.TargetKind, flaw: Flaw? = nil) -> Scenario {
    var scenario = Scenario.quiet(.callers, target)
    scenario.targetLanes = 1
    scenario.events[4].identity = 2
    scenario.flaw = flaw
    return scenario
  }

  private static let again = 4
  private static let refused = 2

  /// What is wrong after the story with crashes of the replay and of the run behind it, after so many jobs.
  private static func problems(_ scenario: Scenario, replay: Int? = nil, run: Int? = nil) -> [String] {
    let universe = Simulation.replay(scenario, before: 3, crashesAt: (replay, run))
    var problems = universe.violations
    let stored = universe.tables.joined().map(\.event.sequence)
    if stored.contains(again) { problems.append("applied twice") }
    if !stored.contains(refused) { problems.append("not replayed") }
    return problems
  }

  /// Behind it, nothing of a flow is left that a crash could stop.
  private static let jobsMax = 600

  /// One that cuts back what was written behind its mark refuses replays.
  @Test(arguments: Scenario.TargetKind.allCases.filter { $0 != .marked })
  func `what was replayed is remembered`(_ target: Scenario.TargetKind) {
    let scenario = Self.story(target)
    #expect(Self.problems(scenario) == [])
    for job in stride(from: 1, to: Self.jobsMax, by: 3) {
      #expect(Self.problems(scenario, replay: job) == [], "the replay crashes after job \(job)")
      #expect(Self.problems(scenario, run: job) == [], "the run crashes after job \(job)")
      #expect(Self.problems(scenario, replay: job * 7 % 400, run: job) == [], "both crash, the run after job \(job)")
    }
  }

  /// Keys of a replay that went before a checkpoint counts on them would be gone after a crash.
  @Test func `the simulation catches keys that go too early`() {
    let scenario = Self.story(.rowByRow, flaw: .replayedKeysGoEarly)
    #expect((1..<Self.jobsMax).contains { Self.problems(scenario, run: $0).contains("applied twice") })
  }
}
