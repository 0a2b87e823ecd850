/// What single transforms did, by their names.
public struct StepCounts: Sendable, Equatable {
  public struct Step: Sendable, Equatable {
    public var name: String
    /// Events that ended here.
    public var filtered: UInt64 = 0
    public var deadLettered: UInt64 = 0
    /// Rows that it made of parts of events (`explode`).
    public var made: UInt64 = 0

    public init(_ name: String) { self.name = name }
  }

  /// How many names are told apart; what further ones do is not counted by name.
  private static let stepsMax = 1_000

  /// In the order in which they were first met.
  public private(set) var steps: [Step] = []

  public init() {}

  public var isEmpty: Bool { steps.isEmpty }
  public var made: UInt64 { steps.reduce(0) { $0 + $1.made } }

  public mutating func add(_ step: Step) {
    guard let place = place(of: step.name) else { return }
    steps[place].filtered += step.filtered
    steps[place].deadLettered += step.deadLettered
    steps[place].made += step.made
  }

  private mutating func place(of name: String) -> Int? {
    if let known = steps.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return known }
    guard steps.count < Self.stepsMax else { return nil }
    steps.append(Step(name))
    return steps.count - 1
  }

  public static func += (a: inout StepCounts, b: StepCounts) { for step in b.steps { a.add(step) } }

  /// What came since then; a step that did nothing since is left out.
  public static func - (a: StepCounts, b: StepCounts) -> StepCounts {
    guard !b.isEmpty else { return a }
    var counts = StepCounts()
    for step in a.steps {
      var since = step
      if let before = b.steps.first(where: { $0.name.utf8.elementsEqual(step.name.utf8) }) {
        since.filtered -= min(before.filtered, since.filtered)
        since.deadLettered -= min(before.deadLettered, since.deadLettered)
        since.made -= min(before.made, since.made)
      }
      if since.filtered + since.deadLettered + since.made > 0 { counts.add(since) }
    }
    return counts
  }
}
