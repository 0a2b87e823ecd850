import Records

/// A JSON Schema of draft 2020-12, compiled: what an event must look like.
///
/// Compiled once, when a pipeline is loaded; each lane checks values against it with a ``ContractValidator`` of its own.
package struct Contract: Sendable {
  /// The most schemas that one contract may consist of, with all that it refers to.
  package static let schemasMax = 100_000

  /// What `format` does.
  package enum Formats: Sendable {
    /// Nothing, as the standard has it, unless the schema's own metaschema asks for more.
    case annotated
    /// A value must have the format; one that is not known here is a problem of the schema.
    case asserted
  }

  /// A keyword that says nothing to a validator, and may be misspelt.
  package struct UnknownKeyword: Sendable, Equatable {
    package var place: String
    package var keyword: String
  }

  let code: ContractCode
  /// Keywords that draft 2020-12 does not have. They are allowed and ignored.
  package let unknownKeywords: [UnknownKeyword]
  /// The fields and types that it declares.
  package let declarations: Declarations

  /// Compiles a schema.
  ///
  /// - Parameters:
  ///   - url: where the schema came from; relative references and messages use it.
  ///   - documents: what references may lead to, by their URLs. The metaschema is always known.
  package init(
    _ schema: Value, url: String = "", documents: [String: Value] = [:], formats: Formats = .annotated
  ) throws(ContractProblems) {
    var compiler = ContractCompiler(documents: documents, formats: formats)
    code = try compiler.compile(schema, url: url)
    unknownKeywords = compiler.unknownKeywords
    declarations = DeclarationReader.read(compiler.library, root: SchemaLibrary.Place(resource: 0, pointer: ""))
  }

  /// The keywords that mean something.
  package static var keywords: [String] { Keywords.known.sorted() }

  /// The names of the formats that can be asserted.
  package static var formatNames: [String] { Format.allCases.map(\.rawValue) }
}
