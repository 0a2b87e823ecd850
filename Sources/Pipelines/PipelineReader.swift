import ConnectorKit
import Records

/// Reads pipeline files: from paths to plans, with all that is wrong in all of them.
package struct PipelineReader {
  package struct Result: Sendable {
    /// The files in order that are without error.
    package var plans: [Plan] = []
    package var diagnostics = Diagnostics()
    /// How many files were looked at.
    package var files = 0
    /// The texts of the files, for excerpts; secrets are masked.
    package var excerpts = Excerpts()
  }

  /// - Parameter paths: files, and folders whose `*.yaml` and `*.yml` files are meant (not those of folders inside).
  package static func read(
    paths: [String], catalog: Catalog, environment: PlanEnvironment = PlanEnvironment()
  ) -> Result {
    var result = Result()
    for path in paths {
      for file in files(at: path, &result.diagnostics) {
        result.files += 1
        result.add(read(file, catalog, environment))
      }
    }
    result.checkNames()
    return result
  }

  /// Reads a pipeline from bytes that are no file's.
  package static func read(
    file: String, bytes: [UInt8], catalog: Catalog, environment: PlanEnvironment = PlanEnvironment()
  ) -> Result {
    var diagnostics = Diagnostics()
    let source = SourceText.text(file: file, bytes, &diagnostics)
    var result = Result(files: 1)
    result.add(check(source, diagnostics, catalog, environment))
    return result
  }

  private static func read(_ file: String, _ catalog: Catalog, _ environment: PlanEnvironment) -> Checked {
    var diagnostics = Diagnostics()
    let source = SourceText.load(file, &diagnostics)
    return check(source, diagnostics, catalog, environment)
  }

  private static func check(
    _ source: SourceText?, _ found: Diagnostics, _ catalog: Catalog, _ environment: PlanEnvironment
  ) -> Checked {
    var checked = Checked(diagnostics: found)
    guard let source else { return checked }
    checked.source = source
    guard let root = YAMLReader.read(source, &checked.diagnostics) else { return checked }
    var builder = PlanBuilder(root, catalog, environment)
    let plan = builder.build()
    checked.diagnostics.add(builder.loader.diagnostics)
    checked.secrets = builder.loader.secretPlaces
    checked.schemas = builder.schemas.documents.values.map(\.text)
    checked.plan = checked.diagnostics.hasErrors ? nil : plan
    return checked
  }

  fileprivate struct Checked {
    var plan: Plan?
    var diagnostics: Diagnostics
    var source: SourceText?
    var secrets: [Place] = []
    /// The schema files that it refers to.
    var schemas: [SourceText] = []
  }
}

extension PipelineReader.Result {
  fileprivate mutating func add(_ checked: PipelineReader.Checked) {
    if let plan = checked.plan { plans.append(plan) }
    if let source = checked.source {
      excerpts.add(source, secrets: checked.secrets)
      for schema in checked.schemas { excerpts.add(schema, secrets: []) }
    }
    diagnostics.add(checked.diagnostics)
  }

  /// Two pipelines of one name would share their checkpoint.
  fileprivate mutating func checkNames() {
    var files: [String: String] = [:]
    for plan in plans {
      if let first = files[plan.name] {
        diagnostics.add(
          Diagnostic(
            code: "config.duplicate_name", place: plan.namePlace, path: "name",
            message: "the pipeline of \(first) has the name `\(plan.name)` too",
            hint: "give it another: checkpoint and dead letters carry it"))
      } else {
        files[plan.name] = plan.file
      }
    }
    let taken = Set(diagnostics.items.filter { $0.code == "config.duplicate_name" }.map(\.place.file))
    plans.removeAll { taken.contains($0.file) }
  }
}

extension Plan {
  fileprivate var namePlace: Place { origin?.root["name"]?.place ?? Place(file: file) }
}

extension PipelineReader {
  /// The pipeline files that a path means.
  private static func files(at path: String, _ diagnostics: inout Diagnostics) -> [String] {
    do throws(FileError) {
      guard try Files.info(path)?.kind == .folder else { return [path] }
      let names = try Files.names(in: path).filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
      if names.isEmpty {
        diagnostics.add(
          Diagnostic(
            code: "config.no_files", place: Place(file: path), message: "the folder holds no *.yaml file",
            hint: "name a pipeline file, or a folder of them"))
      }
      return names.map { Files.join(path, $0) }
    } catch {
      diagnostics.add(Diagnostic(error))
      return []
    }
  }
}
