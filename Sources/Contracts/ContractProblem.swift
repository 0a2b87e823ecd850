/// Why a schema cannot be used as a contract.
package struct ContractProblem: Error, Sendable, Equatable {
  /// A stable code.
  package enum Code: String, Sendable {
    /// A keyword's value has the wrong form.
    case keywordInvalid = "contract.keyword_invalid"
    /// A `$ref`, `$dynamicRef` or `$schema` names nothing that is known here.
    case unresolved = "contract.reference_unresolved"
    /// References lead back to themselves without a step into the value.
    case loop = "contract.reference_loop"
    /// `$schema` names another dialect than draft 2020-12.
    case dialect = "contract.dialect_unknown"
    /// A dialect requires a vocabulary that is not known here.
    case vocabulary = "contract.vocabulary_unknown"
    /// One address stands for two different schemas.
    case duplicateID = "contract.duplicate_id"
    case patternInvalid = "contract.pattern_invalid"
    /// A pattern that cannot be matched in linear time, or is too large.
    case patternUnsupported = "contract.pattern_unsupported"
    /// A format that is to be asserted and has no check here.
    case formatUnknown = "contract.format_unknown"
    /// More schemas than ``Contract/schemasMax``.
    case tooLarge = "contract.too_large"
  }
  package var code: Code
  /// The place in the schema: `#/properties/price/minimum`, with the schema's address before it where there is one.
  package var place: String
  package var message: String
  /// The URL of a document that a reference leads to and that the registry lacks: with it, another try may succeed.
  package var missingDocument: String?

  package init(_ code: Code, at place: String, _ message: String, missingDocument: String? = nil) {
    self.code = code
    self.place = place
    self.message = message
    self.missingDocument = missingDocument
  }
}

/// All that is wrong with a schema; never empty.
package struct ContractProblems: Error, Sendable, Equatable {
  package var problems: [ContractProblem]
}

extension ContractProblems: CustomStringConvertible {
  package var description: String {
    problems.map { "\($0.code.rawValue): \($0.place): \($0.message)" }.joined(separator: "\n")
  }
}
