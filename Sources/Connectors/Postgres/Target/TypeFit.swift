/// Whether values of one of PostgreSQL's types arrive whole in a column of another.
enum TypeFit: Equatable {
  case fits
  /// Some values are changed, and the server says nothing.
  case loses(String)
  /// Some values are refused, and become dead letters.
  case refuses(String)

  init(from source: String, to target: String) {
    let (from, to) = (SQLType(source), SQLType(target))
    if from == to {
      self = .fits
    } else if from.dimensions != to.dimensions {
      self = to.base == "text" && to.dimensions == 0 ? .fits : .refuses("one is an array, the other is not")
    } else {
      self = from.base == to.base ? Self.sized(from, to) : Self.converted(from, to)
    }
  }

  /// For what a mapping makes, by the name that expressions have for its type. Whether a number is too large for its
  /// column is nothing that a type tells; nil for types that are not spoken of.
  init?(made type: String, to target: String) {
    let sql = [
      "int": "smallint", "decimal": "numeric", "double": "double precision", "bool": "boolean", "date": "date",
      "timestamp": "timestamp with time zone",
    ]
    if let source = sql[type] {
      self.init(from: source, to: target)
      return
    }
    let to = SQLType(target)
    let strict = Self.integers + ["numeric", "double precision", "real", "boolean"]
    guard type == "string", to.dimensions == 0, strict.contains(to.base) else { return nil }
    self = .refuses(
      to.base == "boolean" ? "texts that are no boolean are refused" : "texts that are no number are refused")
  }

  /// Of one type with other bounds.
  private static func sized(_ from: SQLType, _ to: SQLType) -> TypeFit {
    guard let most = to.modifiers.first else { return .fits }
    switch to.base {
    case "numeric": return numeric(from, to)
    case "character varying", "character":
      return from.modifiers.first.map { $0 <= most } == true ? .fits : tooLong(most)
    case "bit": return .refuses("bits of another number are refused")
    case "bit varying": return from.modifiers.first.map { $0 <= most } == true ? .fits : tooLong(most)
    default: return (from.modifiers.first ?? 6) <= most ? .fits : .loses("fractions of a second are rounded")
    }
  }

  private static func numeric(_ from: SQLType, _ to: SQLType) -> TypeFit {
    let (precision, scale) = (to.modifiers[0], to.modifiers.count > 1 ? to.modifiers[1] : 0)
    guard let given = from.modifiers.first else {
      return .loses("digits behind the point are rounded to \(scale)")
    }
    let fraction = from.modifiers.count > 1 ? from.modifiers[1] : 0
    if fraction > scale { return .loses("digits behind the point are rounded to \(scale)") }
    return given - fraction > precision - scale ? .refuses("larger numbers are refused") : .fits
  }

  private static func tooLong(_ most: Int) -> TypeFit { .refuses("what is longer than \(most) is refused") }

  private static let integers = ["smallint", "integer", "bigint"]

  private static func converted(_ from: SQLType, _ to: SQLType) -> TypeFit {
    switch (from.base, to.base) {
    case (_, "text"): return .fits
    case ("character", "character varying"), ("character varying", "character"): return sized(from, to)
    case (_, "character varying"): return to.modifiers.first.map { tooLong($0) } ?? .fits
    case ("json", "jsonb"): return .loses("spaces, the order of keys and repeated keys are not kept")
    case ("jsonb", "json"): return .fits
    case ("date", "timestamp without time zone"), ("date", "timestamp with time zone"): return .fits
    case ("timestamp without time zone", "timestamp with time zone"): return .loses("the times are taken as UTC")
    case ("timestamp with time zone", "timestamp without time zone"): return .loses("the times lose their zone, UTC")
    case ("timestamp without time zone", "date"), ("timestamp with time zone", "date"):
      return .loses("the time of the day is dropped")
    default: return number(from, to) ?? .refuses("values of another kind are refused")
    }
  }

  private static func number(_ from: SQLType, _ to: SQLType) -> TypeFit? {
    if let small = integers.firstIndex(of: from.base) {
      if let large = integers.firstIndex(of: to.base) {
        return small <= large ? .fits : .refuses("larger numbers are refused")
      }
      if to.base == "numeric" { return to.modifiers.isEmpty ? .fits : .refuses("larger numbers are refused") }
      if to.base == "double precision" { return from.base == "bigint" ? .loses("large numbers are rounded") : .fits }
      return to.base == "real" ? .loses("large numbers are rounded") : nil
    }
    let broken = ["numeric", "double precision", "real"]
    guard broken.contains(from.base) else { return nil }
    if integers.contains(to.base) { return .refuses("numbers with a fraction are refused") }
    if to.base == "numeric" { return to.modifiers.isEmpty ? .fits : .loses("digits behind the point are rounded") }
    if from.base == "real", to.base == "double precision" { return .fits }
    return broken.contains(to.base) ? .loses("numbers are rounded") : nil
  }
}

/// `timestamp(3) with time zone[]`, taken apart.
private struct SQLType: Equatable {
  var base: String
  var modifiers: [Int] = []
  var dimensions = 0

  init(_ text: String) {
    var rest = text
    while rest.hasSuffix("[]") {
      rest.removeLast(2)
      dimensions = 1
    }
    base = rest
    if let open = rest.firstIndex(of: "("), let close = rest.firstIndex(of: ")"), open < close {
      modifiers = rest[rest.index(after: open)..<close].split(separator: ",").compactMap { Int($0) }
      base = String(rest[..<open] + rest[rest.index(after: close)...])
    }
  }
}
