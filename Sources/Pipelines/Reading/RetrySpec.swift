import ConnectorKit
import Records

package struct RetrySpec: SettingGroup {
  package init() {}

  @Setting("How long to wait before each new try of a failing write.", example: "[1s, 5s, 30s]")
  package var delays: DelaysSpec = .exponential(BackoffSpec())
  @Setting("When the target counts as down.") package var circuitBreaker: BreakerSpec = BreakerSpec()
  @Setting("Where records go that cannot be delivered.") package var deadLetter: DeadLetterSpec = DeadLetterSpec()
  @Setting("How long an outage may last before the run stops.", example: "1h")
  package var giveUpAfter: GiveUpSpec = .never
  @Setting(
    "How long a record that the target fails for, while it stores others, is tried before it is a dead letter; its key "
      + "waits alone meanwhile.", example: "1h")
  package var parkFor: GiveUpSpec = .after(.seconds(15 * 60))
}

/// `[1s, 5s, 30s]`, or `{first: 200ms, factor: 2, max: 30s, attempts: 8}`.
package enum DelaysSpec: SettingValue {
  case list([Duration])
  case exponential(BackoffSpec)

  package static var shape: SettingShape { .either([[Duration].shape, BackoffSpec.shape]) }

  package var written: Value {
    switch self {
    case .list(let delays): delays.written
    case .exponential(let backoff): backoff.full
    }
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> DelaysSpec? {
    if node.map != nil { return BackoffSpec.read(node, &loader).map { .exponential($0) } }
    guard node.list != nil else {
      return loader.mismatch(
        node, expected: "a list of durations, or {first, factor, max, attempts}", hint: "write [1s, 5s, 30s]")
    }
    guard let delays = [Duration].read(node, &loader) else { return nil }
    guard !delays.isEmpty, delays.count <= BackoffSpec.attemptsMax else {
      loader.error("config.out_of_range", node, "must hold 1 to \(BackoffSpec.attemptsMax) durations")
      return nil
    }
    return .list(delays)
  }
}

package struct BackoffSpec: SettingGroup {
  package init() {}
  static let attemptsMax = 1_000

  @Setting("The first delay.", range: 1...3_600_000) package var first: Duration = .milliseconds(200)
  @Setting("What each delay is multiplied with to get the next.") package var factor: Double = 2
  @Setting("The longest delay.", range: 1...86_400_000) package var max: Duration = .seconds(30)
  @Setting("How many new tries there are.", range: 1...attemptsMax) package var attempts: Int = 8

  package func problems() -> [Problem] {
    var problems: [Problem] = []
    if factor < 1 || factor > 100 { problems.append(Problem("factor", "must be between 1 and 100")) }
    if max < first { problems.append(Problem("max", "is shorter than `first`")) }
    return problems
  }

  /// All settings, defaults too.
  var full: Value {
    ["first": first.written, "factor": factor.written, "max": max.written, "attempts": attempts.written]
  }
}

package struct BreakerSpec: SettingGroup {
  package init() {}

  @Setting("So many failures open the circuit …", range: 1...1_000_000) package var failures: Int = 5
  @Setting("… if they happen within so long.", range: 1...86_400_000) package var within: Duration = .seconds(60)
  @Setting("How long it stays open before one probe goes through.", range: 1...86_400_000)
  package var openFor: Duration = .seconds(30)
}

package struct DeadLetterSpec: SettingGroup {
  package init() {}

  package enum Kind: String, SettingChoice { case file }

  @Setting("What keeps them.") package var type: Kind = .file
  @Setting("The NDJSON file; by default NAME.dead-letters.ndjson in the state folder.") package var path: String?
  @Setting("How long those are kept that nobody works through.") package var retain: DeadLetterRetainSpec =
    DeadLetterRetainSpec()
}

package struct DeadLetterRetainSpec: SettingGroup {
  package init() {}

  @Setting("Older ones are removed; without it they stay until somebody works through them.", range: 60_000...Int.max)
  package var age: Duration?
  @Setting("The most that they take; the oldest go first.", range: 65_536...Int.max) package var bytes: ByteSize?
}

/// `never`, or a duration.
package enum GiveUpSpec: SettingValue {
  case never
  case after(Duration)

  package static var shape: SettingShape { .either([.choice(["never"]), Duration.shape]) }
  package var written: Value {
    switch self {
    case .never: "never"
    case .after(let duration): duration.written
    }
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> GiveUpSpec? {
    if node.scalar?.text == "never" { return .never }
    return Duration.read(node, &loader).map { .after($0) }
  }
}

package struct CheckpointSpec: SettingGroup {
  package init() {}

  @Setting("The file; by default NAME.checkpoint.json in the state folder.") package var path: String?
  @Setting("How often it is saved, at most.", range: 1...3_600_000) package var every: Duration = .seconds(1)
}

package struct LimitsSpec: SettingGroup {
  package init() {}

  @Setting("The most bytes of records between the source and the checkpoint.", range: (1 << 20)...Int.max)
  package var inFlight: ByteSize = .mib(24)
  @Setting("The most records in a time.", example: "5000/s") package var rate: Rate?
}
