/// One way in which a value breaks its contract.
package struct Violation: Sendable, Equatable {
  /// The most violations that are told of one value.
  package static let violationsMax = 32

  /// Where in the value, as a JSON pointer; empty for the value itself.
  package var instancePath: String
  /// Which keyword of which schema: `#/properties/price/minimum`, with the schema's address before it where it is not
  /// the contract's own.
  package var schemaPath: String
  /// The keyword, `minimum`.
  package var keyword: String
  package var message: String

  package init(instancePath: String, schemaPath: String, keyword: String, message: String) {
    self.instancePath = instancePath
    self.schemaPath = schemaPath
    self.keyword = keyword
    self.message = message
  }
}
