import Records

/// A pattern for days and times, in the letters of Unicode's LDML: `dd.MM.yyyy HH:mm:ss`, text in single quotes.
struct TimePattern {
  private enum Part {
    case text([UInt8])
    case field(UInt8, Int)
  }
  private let pattern: String
  private var parts: [Part] = []

  private static let letters = Array("yMdHhmsSaEXZ".utf8)
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  init(_ pattern: String) throws(EvaluationError) {
    self.pattern = pattern
    var rest = Array(pattern.utf8)[...]
    while let byte = rest.first {
      if byte == UInt8(ascii: "'") {
        parts.append(.text(try Self.quoted(&rest, pattern)))
      } else if isLetter(byte), byte != UInt8(ascii: "_"), byte != UInt8(ascii: "T") || Self.letters.contains(byte) {
        let count = rest.prefix { $0 == byte }.count
        guard Self.letters.contains(byte) else { throw Self.unknown(byte, pattern) }
        parts.append(.field(byte, count))
        rest = rest.dropFirst(count)
      } else {
        parts.append(.text([byte]))
        rest = rest.dropFirst()
      }
    }
  }

  /// The text between quotes; two quotes stand for one, inside and outside of them.
  private static func quoted(_ rest: inout ArraySlice<UInt8>, _ pattern: String) throws(EvaluationError) -> [UInt8] {
    let quote = UInt8(ascii: "'")
    rest = rest.dropFirst()
    if rest.first == quote {
      rest = rest.dropFirst()
      return [quote]
    }
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte != quote {
        text.append(byte)
      } else if rest.first == quote {
        text.append(quote)
        rest = rest.dropFirst()
      } else {
        return text
      }
    }
    throw EvaluationError(.badArgument, "the pattern \(CELValue.string(pattern).shown) has no closing quote")
  }

  private static func unknown(_ letter: UInt8, _ pattern: String) -> EvaluationError {
    EvaluationError(
      .badArgument,
      "the pattern \(CELValue.string(pattern).shown) has the letter \(String(Unicode.Scalar(letter))), which means nothing",
      hint: "there is yyyy MM dd HH mm ss SSS a EEE XXX; other letters stand in single quotes")
  }

  // MARK: Writing

  func format(_ time: Timestamp, _ zone: Zone) -> String {
    let civil = CivilTime(time, in: zone)
    return parts.map { part in
      switch part {
      case .text(let bytes): String(decoding: bytes, as: UTF8.self)
      case .field(let letter, let count): Self.text(letter, count, civil, zone.offset(at: time.seconds))
      }
    }.joined()
  }

  private static func text(_ letter: UInt8, _ count: Int, _ time: CivilTime, _ offset: Int) -> String {
    switch letter {
    case UInt8(ascii: "y"): count == 2 ? padded(time.day.year % 100, 2) : padded(time.day.year, count)
    case UInt8(ascii: "M"): count > 2 ? name(months[time.day.month - 1], count) : padded(time.day.month, count)
    case UInt8(ascii: "d"): padded(time.day.day, count)
    case UInt8(ascii: "H"): padded(time.hour, count)
    case UInt8(ascii: "h"): padded((time.hour + 11) % 12 + 1, count)
    case UInt8(ascii: "m"): padded(time.minute, count)
    case UInt8(ascii: "s"): padded(time.second, count)
    case UInt8(ascii: "S"): String(padded(Int(time.nanoseconds), 9).prefix(count))
    case UInt8(ascii: "a"): time.hour < 12 ? "AM" : "PM"
    case UInt8(ascii: "E"): name(weekdays[time.weekday], count)
    default: zoneText(letter, count, offset)
    }
  }

  private static func name(_ name: String, _ count: Int) -> String { count > 3 ? name : String(name.prefix(3)) }

  private static func zoneText(_ letter: UInt8, _ count: Int, _ offset: Int) -> String {
    if letter == UInt8(ascii: "X"), offset == 0 { return "Z" }
    let colon = letter == UInt8(ascii: "X") && count >= 3 ? ":" : ""
    let minutes = offset.magnitude / 60
    return (offset < 0 ? "-" : "+") + padded(Int(minutes / 60), 2) + colon + padded(Int(minutes % 60), 2)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  // MARK: Reading

  func parse(_ text: String, _ zone: Zone) throws(EvaluationError) -> Timestamp {
    var reading = Reading(rest: Array(text.utf8)[...])
    for part in parts {
      guard reading.take(part) else { throw refuse(text) }
    }
    guard reading.rest.isEmpty, let time = reading.time(in: zone) else { throw refuse(text) }
    return try Time.checked(time)
  }

  private func refuse(_ text: String) -> EvaluationError {
    EvaluationError(
      .badConversion, "\(CELValue.string(text).shown) does not fit the pattern \(CELValue.string(pattern).shown)")
  }

  /// The fields that were read so far.
  private struct Reading {
    var rest: ArraySlice<UInt8>
    var year = 1970
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0
    var nanoseconds = 0
    var isAfternoon: Bool?
    var offset: Int?

    mutating func take(_ part: Part) -> Bool {
      switch part {
      case .text(let bytes):
        guard rest.starts(with: bytes) else { return false }
        rest = rest.dropFirst(bytes.count)
        return true
      case .field(let letter, let count): return take(letter, count)
      }
    }

    private mutating func take(_ letter: UInt8, _ count: Int) -> Bool {
      switch letter {
      case UInt8(ascii: "y"): return takeYear(count)
      case UInt8(ascii: "M"): return count > 2 ? takeMonthName(count) : store(\.month, count)
      case UInt8(ascii: "d"): return store(\.day, count)
      case UInt8(ascii: "H"), UInt8(ascii: "h"): return store(\.hour, count)
      case UInt8(ascii: "m"): return store(\.minute, count)
      case UInt8(ascii: "s"): return store(\.second, count)
      case UInt8(ascii: "S"): return takeFraction(count)
      case UInt8(ascii: "a"): return takeHalf()
      case UInt8(ascii: "E"): return takeName(TimePattern.weekdays, count) != nil
      default: return takeZone()
      }
    }

    /// A number of at least `least` digits; one digit may stand for two or more where the pattern has one letter.
    private mutating func number(_ least: Int, _ most: Int) -> Int? {
      let digits = rest.prefix(most).prefix(while: isDigit)
      guard digits.count >= least else { return nil }
      rest = rest.dropFirst(digits.count)
      return Int(String(decoding: digits, as: UTF8.self))
    }

    private mutating func store(_ field: WritableKeyPath<Reading, Int>, _ count: Int) -> Bool {
      guard let number = number(count, max(count, 2)) else { return false }
      self[keyPath: field] = number
      return true
    }

    /// Two digits lie in 1970 … 2069, as in POSIX.
    private mutating func takeYear(_ count: Int) -> Bool {
      guard let number = number(count == 2 ? 2 : max(count, 1), count == 2 ? 2 : 4) else { return false }
      year = count == 2 ? (number < 70 ? 2000 : 1900) + number : number
      return true
    }

    private mutating func takeFraction(_ count: Int) -> Bool {
      let digits = rest.prefix(count).prefix(while: isDigit)
      guard digits.count == count, count <= 9 else { return false }
      rest = rest.dropFirst(count)
      nanoseconds = Int(String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: 9 - count)) ?? 0
      return true
    }

    private mutating func takeMonthName(_ count: Int) -> Bool {
      guard let index = takeName(TimePattern.months, count) else { return false }
      month = index + 1
      return true
    }

    private mutating func takeName(_ names: [String], _ count: Int) -> Int? {
      for (index, name) in names.enumerated() {
        let wanted = TimePattern.name(name, count).lowercased().utf8
        let found = rest.prefix(wanted.count).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        guard found.elementsEqual(wanted) else { continue }
        rest = rest.dropFirst(wanted.count)
        return index
      }
      return nil
    }

    private mutating func takeHalf() -> Bool {
      let word = rest.prefix(2).map { $0 | 0x20 }
      guard word == Array("am".utf8) || word == Array("pm".utf8) else { return false }
      isAfternoon = word[0] == UInt8(ascii: "p")
      rest = rest.dropFirst(2)
      return true
    }

    private mutating func takeZone() -> Bool {
      guard let sign = rest.popFirst() else { return false }
      if sign == UInt8(ascii: "Z") {
        offset = 0
        return true
      }
      guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(2, 2), hours < 24 else {
        return false
      }
      if rest.first == UInt8(ascii: ":") { rest = rest.dropFirst() }
      guard let minutes = number(2, 2), minutes < 60 else { return false }
      offset = (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3_600 + minutes * 60)
      return true
    }

    /// The moment; a time that a clock skips is taken as if it had not been put forward.
    func time(in zone: Zone) -> Timestamp? {
      var hour = hour
      if let isAfternoon {
        guard (1...12).contains(hour) else { return nil }
        hour = hour % 12 + (isAfternoon ? 12 : 0)
      }
      guard let civil = CivilDay(year: year, month: month, day: day), hour < 24, minute < 60, second < 60 else {
        return nil
      }
      let local = civil.daysSince1970 * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
      return Timestamp(
        seconds: offset.map { local - Int64($0) } ?? zone.seconds(local: local), nanoseconds: Int32(nanoseconds))
    }
  }
}

extension Zone {
  /// The moment at which the zone's clocks show a local time; the earlier one where they show it twice.
  func seconds(local: Int64) -> Int64 {
    let before = local - Int64(offset(at: local - 86_400))
    if before + Int64(offset(at: before)) == local { return before }
    let after = local - Int64(offset(at: local + 86_400))
    return after + Int64(offset(at: after)) == local ? after : before
  }
}
