/// Something wrong, or doubtful, in a file that a person wrote.
package struct Diagnostic: Sendable, Equatable {
  package enum Severity: String, Sendable { case error, warning }

  package var severity: Severity
  /// A stable code, `config.unknown_key`, known to `millrace explain`.
  package var code: String
  package var place: Place
  /// Where it is in the configuration: `source.csv.delimiter`; empty for the file as a whole.
  package var path: String
  /// One sentence without a full stop: what is wrong. Never holds a secret.
  package var message: String
  /// What to do.
  package var hint: String?

  package init(
    _ severity: Severity = .error, code: String, place: Place, path: String = "", message: String, hint: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.place = place
    self.path = path
    self.message = message
    self.hint = hint
  }
}

extension Diagnostic {
  /// Says that the rest is not reported.
  package static func tooMany(in file: String) -> Diagnostic {
    Diagnostic(
      code: "config.too_many_problems", place: Place(file: file),
      message: "more than \(Diagnostics.perFileMax) problems; the others are not shown", hint: "mend the first ones")
  }
}

/// All that was found in one or many files.
package struct Diagnostics: Error, Sendable, Equatable {
  /// The most problems that are reported of one file; a file with more is something else than a slip of the pen.
  package static let perFileMax = 1_000

  package private(set) var items: [Diagnostic] = []
  package private(set) var errors = 0

  package init(_ items: [Diagnostic] = []) { items.forEach { add($0) } }

  package var warnings: Int { items.count - errors }
  package var hasErrors: Bool { errors > 0 }

  package mutating func add(_ diagnostic: Diagnostic) {
    items.append(diagnostic)
    if diagnostic.severity == .error { errors += 1 }
  }

  package mutating func add(_ others: Diagnostics) { others.items.forEach { add($0) } }

  /// In the order of a reader: by file, line and column.
  package var sorted: [Diagnostic] {
    items.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(\.element)
  }
}
