/// A time zone: a fixed offset from UTC, or the rules of a place from the system's tz database.
struct Zone: Sendable {
  static let utc = Zone(rules: .fixed(0))

  private enum Rules: Sendable {
    case fixed(Int)
    case database(ZoneRules)
  }
  private let rules: Rules

  private init(rules: Rules) { self.rules = rules }

  /// `UTC`, `Europe/Berlin`, `+02:00`, `-08:00`.
  init(named name: String) throws(EvaluationError) {
    if name.isEmpty || name == "UTC" || name == "Z" {
      self = .utc
    } else if name.utf8.contains(UInt8(ascii: ":")) {
      self = Zone(rules: .fixed(try Self.offset(name)))
    } else {
      self = Zone(rules: .database(try ZoneRules.named(name)))
    }
  }

  private static func offset(_ text: String) throws(EvaluationError) -> Int {
    let isNegative = text.hasPrefix("-")
    let parts = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
      .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy(isDigit) }),
      let hours = Int(String(decoding: parts[0], as: UTF8.self)), hours < 24,
      let minutes = Int(String(decoding: parts[1], as: UTF8.self)), minutes < 60
    else { throw unknown(text) }
    return (isNegative ? -1 : 1) * (hours * 3_600 + minutes * 60)
  }

  static func unknown(_ name: String) -> EvaluationError {
    EvaluationError(
      .badArgument, "`\(name)` is no time zone", hint: "zones are UTC, +02:00 or names like Europe/Berlin")
  }

  /// The seconds that the zone's clocks are ahead of UTC at a moment, in seconds since 1970.
  func offset(at seconds: Int64) -> Int {
    switch rules {
    case .fixed(let offset): offset
    case .database(let rules): rules.offset(at: seconds)
    }
  }
}
