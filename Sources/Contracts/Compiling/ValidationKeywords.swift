import Records

/// The validation vocabulary, and `format`.
extension ContractCompiler {
  mutating func compileValidation(_ schema: SchemaReading, _ shape: inout Shape) {
    compileType(schema, &shape)
    compileConstants(schema)
    compileBounds(schema)
    compileCounts(schema)
    if let value = schema["pattern"], let pattern = pattern(value.string, at: text(schema, "pattern")) {
      add(.pattern, for: .string, pattern)
    }
    if let value = schema["uniqueItems"] {
      guard let flag = value.bool else { return invalid(schema, "uniqueItems", "uniqueItems is true or false") }
      if flag { add(.uniqueItems, for: .array) }
    }
    compileDependentRequired(schema)
  }

  private mutating func compileType(_ schema: SchemaReading, _ shape: inout Shape) {
    guard let value = schema["type"] else { return }
    let names = value.array?.map(\.string) ?? [value.string]
    var types = TypeSet(bits: 0)
    for name in names {
      guard let type = name.flatMap(TypeSet.init(name:)) else {
        let known = TypeSet.named.map(\.name).joined(separator: ", ")
        return invalid(schema, "type", "a type is one of \(known)")
      }
      types.insert(type)
    }
    shape.types = types
  }

  private mutating func compileConstants(_ schema: SchemaReading) {
    if let value = schema["const"] { add(.const, for: .all, list([constant(value)])) }
    guard let value = schema["enum"] else { return }
    guard let values = value.array else { return invalid(schema, "enum", "enum is a list of values") }
    add(.enum, for: .all, list(Set(values.map { constant($0) }).sorted()))
  }

  private mutating func constant(_ value: Value) -> Int {
    let number = code.constants.number(of: CanonicalForm.bytes(value))
    if number == code.constantTexts.count { code.constantTexts.append(value.json) }
    return number
  }

  private mutating func compileBounds(_ schema: SchemaReading) {
    let bounds: [(String, Rule.Kind)] = [
      ("minimum", .minimum), ("maximum", .maximum), ("exclusiveMinimum", .exclusiveMinimum),
      ("exclusiveMaximum", .exclusiveMaximum),
    ]
    for (keyword, kind) in bounds {
      guard let value = schema[keyword] else { continue }
      guard let text = value.numberText else { return invalid(schema, keyword, "\(keyword) is a number") }
      add(kind, for: .number, number(text))
    }
    guard let value = schema["multipleOf"] else { return }
    guard let text = value.numberText, let divisor = NumberView.with(text, { Divisor($0) }) else {
      return invalid(
        schema, "multipleOf", "multipleOf is a number above zero with at most \(Divisor.digitsMax) significant digits")
    }
    code.divisors.append(divisor)
    add(.multipleOf, for: .number, code.divisors.count - 1, number(text))
  }

  private mutating func number(_ text: String) -> Int {
    code.numbers.append(text)
    return code.numbers.count - 1
  }

  private mutating func compileCounts(_ schema: SchemaReading) {
    let counts: [(String, Rule.Kind, TypeSet)] = [
      ("minLength", .minLength, .string), ("maxLength", .maxLength, .string), ("minItems", .minItems, .array),
      ("maxItems", .maxItems, .array), ("minProperties", .minProperties, .object),
      ("maxProperties", .maxProperties, .object),
    ]
    for (keyword, kind, types) in counts {
      guard let count = count(schema, keyword) else { continue }
      code.counts.append(count)
      add(kind, for: types, code.counts.count - 1)
    }
  }

  /// A whole number that is not negative; nil where the keyword is not there.
  mutating func count(_ schema: SchemaReading, _ keyword: String) -> Int? {
    guard let value = schema[keyword] else { return nil }
    guard let text = value.numberText, let count = NumberView.with(text, { $0.count }) else {
      invalid(schema, keyword, "\(keyword) is a whole number, zero or more")
      return nil
    }
    return count
  }

  /// The number of a compiled pattern; nil where there is none.
  mutating func pattern(_ text: String?, at place: String) -> Int? {
    guard let text else {
      report(.keywordInvalid, at: place, "a pattern is a regular expression, a string")
      return nil
    }
    if let known = code.patternTexts.firstIndex(where: { $0.utf8.elementsEqual(text.utf8) }) { return known }
    do {
      code.patterns.append(try ECMAPattern(text).compiled())
      code.patternTexts.append(text)
      return code.patterns.count - 1
    } catch {
      report(error, in: text, at: place)
      return nil
    }
  }

  private mutating func report(_ problem: ECMAPattern.Problem, in text: String, at place: String) {
    switch problem {
    case .invalid(let why): report(.patternInvalid, at: place, "\(text) is no regular expression: \(why)")
    case .unsupported(let why):
      report(.patternUnsupported, at: place, "\(text): \(why); write the pattern without it, or as several keywords")
    }
  }

  private mutating func compileDependentRequired(_ schema: SchemaReading) {
    guard let value = schema["dependentRequired"] else { return }
    guard case .object(let members) = value else {
      return invalid(schema, "dependentRequired", "dependentRequired is an object of lists of names")
    }
    for member in members {
      guard let names = names(member.value) else {
        return invalid(schema, "dependentRequired", "\(member.name) is a list of names")
      }
      add(.dependentRequired, for: .object, name(member.name), list(names.map { name($0) }))
    }
  }

  /// nil where it is no list of texts.
  func names(_ value: Value) -> [String]? {
    guard let items = value.array else { return nil }
    let names = items.compactMap(\.string)
    return names.count == items.count ? names : nil
  }

  mutating func compileFormat(_ schema: SchemaReading) {
    guard formats == .asserted || schema.dialect.formatAssertion, let value = schema["format"] else { return }
    guard let name = value.string else { return invalid(schema, "format", "format is a string") }
    guard let format = Format(rawValue: name) else {
      let known = Contract.formatNames.joined(separator: ", ")
      return report(
        .formatUnknown, at: text(schema, "format"), "the format \(name) cannot be checked here; known are \(known)")
    }
    code.formats.append(format)
    add(.format, for: .string, code.formats.count - 1)
  }
}

extension Value {
  /// A number as JSON text.
  var numberText: String? {
    switch self {
    case .int(let number): "\(number)"
    case .number(let text): text
    default: nil
    }
  }
}

extension NumberView {
  /// Looks at a number in a text; nil where it is none.
  static func with<Result>(_ text: String, _ body: (NumberView) -> Result?) -> Result? {
    var text = text
    return text.withUTF8 { NumberView(UnsafeRawBufferPointer($0)).flatMap(body) }
  }

  /// As a count, cut to what a 32-bit number holds; nil where it is negative or not whole.
  fileprivate var count: Int? {
    guard isIntegral, !isNegative else { return nil }
    guard digits + exponent < 10 else { return Int(Int32.max) }
    var value = 0
    forEachDigit { value = value * 10 + Int($0) }
    for _ in 0..<exponent where !isZero { value *= 10 }
    return min(value, Int(Int32.max))
  }
}
