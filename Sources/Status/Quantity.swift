/// Numbers as people read them: `1,234,567`, `475.6 MB`, `2 m 05 s`.
package enum Quantity {
  /// With a comma between groups of three digits.
  package static func count(_ number: UInt64) -> String {
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `1 record`, `2 records`.
  package static func count(_ number: UInt64, _ noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// Events a second: whole ones, below ten with one digit behind the point.
  package static func rate(_ perSecond: Double) -> String {
    perSecond < 9.95 ? decimal(perSecond) : count(whole(perSecond))
  }

  /// In decimal units: 1 kB is 1,000 bytes.
  package static func bytes(_ bytes: UInt64) -> String {
    var amount = Double(bytes)
    var unit = "B"
    for larger in ["kB", "MB", "GB", "TB", "PB"] where amount >= 999.95 {
      amount /= 1_000
      unit = larger
    }
    return unit == "B" ? "\(bytes) B" : "\(decimal(amount)) \(unit)"
  }

  package static func bytes(_ perSecond: Double) -> String { bytes(whole(perSecond)) + "/s" }

  package static func duration(_ duration: Duration) -> String {
    let milliseconds = max(0, whole(duration / .milliseconds(1)))
    switch milliseconds {
    case ..<1_000: return "\(milliseconds) ms"
    case ..<60_000: return "\(decimal(Double(milliseconds) / 1_000)) s"
    case ..<3_600_000: return "\(milliseconds / 60_000) m \(padded(milliseconds / 1_000 % 60)) s"
    case ..<86_400_000: return "\(milliseconds / 3_600_000) h \(padded(milliseconds / 60_000 % 60)) m"
    default: return "\(milliseconds / 86_400_000) d \(padded(milliseconds / 3_600_000 % 24)) h"
    }
  }

  /// An estimate: in whole seconds, rounded up.
  package static func about(_ estimate: Duration) -> String {
    let seconds = whole((estimate / .seconds(1)).rounded(.up))
    return seconds < 60 ? "\(seconds) s" : duration(.seconds(Int64(clamping: seconds)))
  }

  /// A number with so many digits behind the point, rounded.
  package static func decimal(_ number: Double, digits: Int = 1) -> String {
    let scale = (0..<digits).reduce(UInt64(1)) { product, _ in product * 10 }
    let scaled = whole(number * Double(scale))
    let fraction = String(scaled % scale)
    return "\(scaled / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  /// Rounded; 0 for what is below or no number, and never more than a UInt64 holds.
  private static func whole(_ number: Double) -> UInt64 {
    guard number > 0 else { return 0 }
    return number < 9e18 ? UInt64(number.rounded()) : 9_000_000_000_000_000_000
  }

  private static func padded(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
