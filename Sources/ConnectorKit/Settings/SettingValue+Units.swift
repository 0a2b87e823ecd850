import Records

/// A whole number of bytes: `8MiB`.
package struct ByteSize: Sendable, Equatable {
  package var bytes: Int
  package init(bytes: Int) { self.bytes = bytes }
  package static func kib(_ count: Int) -> ByteSize { ByteSize(bytes: count << 10) }
  package static func mib(_ count: Int) -> ByteSize { ByteSize(bytes: count << 20) }
}

/// So many in so long: `5000/s`.
package struct Rate: Sendable, Equatable {
  package var count: Int
  package var unit: String
  package var perSecond: Double

  fileprivate static let seconds: [(unit: String, seconds: Double)] = [("s", 1), ("m", 60), ("h", 3_600)]
}

/// A number and what stands behind it: `1.5` and `GiB`.
private struct Measure {
  /// The number's digits, without the point.
  var digits: Int128
  /// How many of them stand behind the point.
  var scale: Int
  var unit: Substring

  /// nil where there is no number in front, or more digits than any setting needs.
  init?(_ text: String) {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }), number.utf8.count <= 24,
      let digits = Int128(parts.joined())
    else { return nil }
    self.digits = digits
    scale = parts.count == 2 ? parts[1].count : 0
    unit = text[number.endIndex...]
  }

  /// The number times `factor`, if that is whole and fits.
  func times(_ factor: Int) -> Int? {
    var divisor: Int128 = 1
    for _ in 0..<scale { divisor *= 10 }
    let (product, overflow) = digits.multipliedReportingOverflow(by: Int128(factor))
    return overflow || product % divisor != 0 ? nil : Int(exactly: product / divisor)
  }
}

/// The units of a quantity: as they are written, and how many of the smallest unit they hold.
private struct Units {
  var noun: String
  var factors: [(unit: String, factor: Int)]
  /// Spellings that are refused, and what is meant.
  var meant: [String: String]
  /// What a number without a unit could have meant.
  var usual: [String]

  /// Which unit nothing is written in.
  var zero: Int

  func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Int? {
    guard let scalar = node.scalar, node.core != .null, let measure = Measure(scalar.text) else {
      return loader.mismatch(node, expected: noun)
    }
    guard !measure.unit.isEmpty else {
      loader.error(
        "config.unit_missing", node, "`\(scalar.text)` has no unit; expected \(noun)",
        hint: "write \(usual.map { scalar.text + $0 }.joined(separator: ", "))")
      return nil
    }
    guard let factor = factors.first(where: { $0.unit == measure.unit })?.factor else {
      let number = scalar.text.prefix(scalar.text.count - measure.unit.count)
      let trimmed = measure.unit.drop { $0 == " " }
      let mend = factors.first { $0.unit == trimmed }?.unit ?? meant[trimmed.lowercased()]
      loader.error(
        "config.unit_unknown", node, "`\(scalar.text)` is no \(noun.dropFirst(2))",
        hint: mend.map { "write \(number)\($0)" } ?? "units are \(list)")
      return nil
    }
    guard let amount = measure.times(factor) else {
      loader.error("config.out_of_range", node, "`\(scalar.text)` is too large or too fine")
      return nil
    }
    return amount
  }

  var list: String { factors.map { "`\($0.unit)`" }.joined(separator: ", ") }

  var pattern: String { "^[0-9]+(\\.[0-9]+)?(\(factors.map(\.unit).joined(separator: "|")))$" }

  /// In the largest unit that holds it without a fraction.
  func write(_ amount: Int) -> String {
    let best = factors.filter { amount % $0.factor == 0 && amount >= $0.factor }.max { $0.factor < $1.factor }
    guard let best else { return "0" + factors[zero].unit }
    return "\(amount / best.factor)\(best.unit)"
  }

  static let durations = Units(
    noun: Duration.noun,
    factors: [
      ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
      ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ],
    meant: [
      "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
      "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "msec": "ms", "millis": "ms",
      "milliseconds": "ms", "µs": "us", "μs": "us", "usec": "us",
    ],
    usual: ["ms", "s", "m", "h"], zero: 3)

  static let sizes = Units(
    noun: ByteSize.noun,
    factors: [
      ("B", 1), ("kB", 1_000), ("KiB", 1 << 10), ("MB", 1_000_000), ("MiB", 1 << 20), ("GB", 1_000_000_000),
      ("GiB", 1 << 30), ("TB", 1_000_000_000_000), ("TiB", 1 << 40),
    ],
    meant: [
      "b": "B", "bytes": "B", "byte": "B", "k": "KiB", "kb": "kB", "kib": "KiB", "m": "MiB", "mb": "MB", "mib": "MiB",
      "g": "GiB", "gb": "GB", "gib": "GiB", "t": "TiB", "tb": "TB", "tib": "TiB",
    ],
    usual: ["B", "KiB", "MiB", "GiB"], zero: 0)
}

extension Duration: SettingValue {
  package static let noun = "a duration such as 200ms, 5s, 10m"
  package static var shape: SettingShape { .text(noun, pattern: Units.durations.pattern) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Duration? {
    Units.durations.read(node, &loader).map { .nanoseconds(Int64($0)) }
  }

  package var written: Value { .string(Units.durations.write(nanoseconds)) }
  package var magnitude: Int? { nanoseconds / 1_000_000 }

  /// Whole nanoseconds, at most what 64 bits hold (292 years).
  private var nanoseconds: Int {
    let (seconds, attoseconds) = components
    let (whole, overflow) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : whole &+ Int(attoseconds / 1_000_000_000)
  }
}

extension ByteSize: SettingValue {
  package static let noun = "a size such as 64KiB, 8MiB, 1GB"
  package static var shape: SettingShape { .text(noun, pattern: Units.sizes.pattern) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> ByteSize? {
    Units.sizes.read(node, &loader).map(ByteSize.init)
  }

  package var written: Value { .string(Units.sizes.write(bytes)) }
  package var magnitude: Int? { bytes }
}

extension Rate: SettingValue {
  package static let noun = "a rate such as 5000/s, 100/m"
  package static var shape: SettingShape { .text(noun, pattern: "^[1-9][0-9]*/(s|m|h)$") }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Rate? {
    guard let scalar = node.scalar, node.core != .null else { return loader.mismatch(node, expected: noun) }
    let parts = scalar.text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let digits = parts.first, let count = Int(digits), count > 0, digits.first != "+" else {
      return loader.mismatch(node, expected: noun)
    }
    guard parts.count == 2, let unit = seconds.first(where: { $0.unit == parts[1] }) else {
      let code = parts.count == 1 ? "config.unit_missing" : "config.unit_unknown"
      loader.error(code, node, "`\(scalar.text)` is no rate", hint: "write \(count)/s, \(count)/m or \(count)/h")
      return nil
    }
    return Rate(count: count, unit: unit.unit, perSecond: Double(count) / unit.seconds)
  }

  package var written: Value { .string("\(count)/\(unit)") }
}
