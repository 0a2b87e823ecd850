import ConnectorKit
import Contracts
import Records

/// The schema files of a pipeline: what its contracts name, and what those refer to. Nothing is ever fetched.
struct SchemaFiles {
  /// The most documents that one contract is made of.
  private static let documentsMax = 1_000

  /// By their addresses: the path of the file, and its `$id`.
  private(set) var documents: [String: SchemaDocument] = [:]
  /// The files of folders, by the `$id` of their schemas.
  private var registries: [String: [String: String]] = [:]

  /// What is wrong with a contract.
  struct Problem {
    var code: String
    /// nil where it is the setting that names the schema.
    var place: Place?
    var message: String
    var hint: String?
    var severity = Diagnostic.Severity.error
  }

  struct Failed: Error { var problems: [Problem] }

  /// Compiles a schema with all that it refers to, and gives what is doubtful in it.
  mutating func contract(
    _ path: String, registry: String, formats: Contract.Formats
  ) throws(Failed) -> (Contract, warnings: [Problem]) {
    let main = try open(path, wantedBy: nil)
    while true {
      do throws(ContractProblems) {
        let contract = try Contract(
          main.value, url: path, documents: documents.mapValues(\.value), formats: formats)
        return (contract, contract.unknownKeywords.map { warning($0, in: main) })
      } catch {
        guard try add(missing: error, registry: registry) else { throw failed(error, main) }
      }
    }
  }

  /// Opens what references lead to; false where one leads to nothing, or none did.
  private mutating func add(missing error: ContractProblems, registry: String) throws(Failed) -> Bool {
    var isNew = false
    for problem in error.problems {
      guard let address = problem.missingDocument, documents[address] == nil else { continue }
      guard documents.count < Self.documentsMax, let path = file(at: address, registry: registry) else { return false }
      documents[address] = try open(path, wantedBy: problem)
      isNew = true
    }
    return isNew
  }

  /// The file of an address: a path as it is, anything else by the `$id` of the registry's schemas.
  private mutating func file(at address: String, registry: String) -> String? {
    if !address.contains("://"), !address.hasPrefix("urn:") {
      return (try? Files.info(address)).flatMap { $0 } != nil ? address : nil
    }
    if registries[registry] == nil { registries[registry] = Self.index(registry) }
    return registries[registry]?[address]
  }

  /// The schemas of a folder by their `$id`; files that are no schemas are passed over.
  private static func index(_ folder: String) -> [String: String] {
    var found: [String: String] = [:]
    for name in (try? Files.names(in: folder)) ?? [] where name.hasSuffix(".json") {
      let path = Files.join(folder, name)
      guard let id = (try? SchemaDocument.load(path))?.value["$id"]?.string else { continue }
      let address = String(id.prefix { $0 != "#" })
      if found[address] == nil { found[address] = path }
    }
    return found
  }

  private mutating func open(_ path: String, wantedBy reference: ContractProblem?) throws(Failed) -> SchemaDocument {
    if let known = documents[path] { return known }
    do throws(SchemaDocument.Problem) {
      let document = try SchemaDocument.load(path)
      documents[path] = document
      if let id = document.value["$id"]?.string { documents[id] = documents[id] ?? document }
      return document
    } catch {
      throw Failed(problems: [problem(error, path, reference)])
    }
  }
}

// What is said.
extension SchemaFiles {
  private func problem(_ problem: SchemaDocument.Problem, _ path: String, _ reference: ContractProblem?) -> Problem {
    let place = reference.flatMap { self.place($0.place, nil) }
    switch problem {
    case .file(let error):
      let reason =
        error.code == "file.not_found" ? "there is no file \(path)" : "\(path) cannot be read: \(error.reason)"
      return Problem(
        code: "contract.file_unreadable", place: place, message: reason,
        hint: "paths start from the folder of the file that names them")
    case .unfit(let reason):
      return Problem(code: "contract.file_unreadable", place: place, message: "\(path) \(reason)", hint: nil)
    case .json(let text, let error):
      return Problem(
        code: "contract.file_not_json", place: text.place(ofByte: error.offset),
        message: "the schema is no JSON: \(error.reason.rawValue)", hint: "schemas are written in JSON")
    }
  }

  private func failed(_ error: ContractProblems, _ main: SchemaDocument) -> Failed {
    Failed(
      problems: error.problems.map { problem in
        Problem(
          code: problem.code.rawValue, place: place(problem.place, main), message: problem.message,
          hint: problem.missingDocument == nil
            ? nil : "put a schema with that `$id` into the folder that `registry` names, or name its file")
      })
  }

  private func warning(_ unknown: Contract.UnknownKeyword, in main: SchemaDocument) -> Problem {
    Problem(
      code: "contract.keyword_unknown", place: place(unknown.place + "/" + unknown.keyword, main),
      message: "`\(unknown.keyword)` is no keyword of JSON Schema, and is ignored",
      hint: Suggestion.nearest(to: unknown.keyword, among: Contract.keywords).map { "did you mean `\($0)`?" }
        ?? "begin the names of keywords of your own with `x-`", severity: .warning)
  }

  /// The place of `ADDRESS#/POINTER`; nil where the address is none of a file's.
  private func place(_ text: String, _ main: SchemaDocument?) -> Place? {
    let address = String(text.prefix { $0 != "#" })
    let document = address.isEmpty ? main ?? documents[address] : documents[address] ?? nil
    return document?.place(at: String(text.dropFirst(address.count + 1)))
  }
}
