import Records

/// Which vocabularies a schema is written in.
struct Dialect: Sendable, Equatable {
  var applicator = false
  var unevaluated = false
  var validation = false
  /// Formats are asserted whatever the caller asks for.
  var formatAssertion = false

  /// That of the metaschema of draft 2020-12 itself.
  static let standard = Dialect(applicator: true, unevaluated: true, validation: true)

  private static let prefix = "https://json-schema.org/draft/2020-12/vocab/"

  /// Reads a `$vocabulary`.
  ///
  /// - Returns: the dialect, and the names of vocabularies that it requires and that are not known here.
  static func reading(_ vocabularies: [Value.Member]) -> (dialect: Dialect, unknown: [String]) {
    var dialect = Dialect()
    var unknown: [String] = []
    for vocabulary in vocabularies where !dialect.take(vocabulary.name) && vocabulary.value.bool == true {
      unknown.append(vocabulary.name)
    }
    return (dialect, unknown)
  }

  /// Whether the vocabulary is known. It counts whether it is required or not: a known one is always used.
  private mutating func take(_ name: String) -> Bool {
    guard name.hasPrefix(Self.prefix) else { return false }
    switch name.dropFirst(Self.prefix.utf8.count) {
    case "applicator": applicator = true
    case "unevaluated": unevaluated = true
    case "validation": validation = true
    case "format-assertion": formatAssertion = true
    case "core", "meta-data", "format-annotation", "content": break
    default: return false
    }
    return true
  }
}
