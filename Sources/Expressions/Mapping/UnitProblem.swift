/// Why a text is no conversion of units.
package struct UnitProblem: Error, Sendable, Equatable {
  package var code: String
  package var message: String
  package var hint: String?

  init(_ code: String, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}
