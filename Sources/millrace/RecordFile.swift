import ConnectorKit
import Connectors
import Records

/// A file of records that stands on the command line.
enum RecordFile {
  /// - Parameter like: the settings of another file, whose format and dialect this one probably shares; otherwise its
  ///   name says what it holds, and without that it is NDJSON.
  static func connector(_ path: String, like own: [Value.Member] = []) throws(Failure) -> any SourceConnector {
    guard let type = Catalog.standard.source("file") else { preconditionFailure("there is no file source") }
    let format = own.filter { $0.name == "format" }
    let csv = own.filter { $0.name == "csv" }
    let named = Value.Member("path", .string(path))
    let ndjson = Value.Member("format", "ndjson")
    var problem: Diagnostics?
    for settings in [[named] + csv, [named], [named] + format + csv, [named] + format, [named, ndjson]] {
      do throws(Diagnostics) { return try type.make(.object(settings)) } catch { problem = problem ?? error }
    }
    throw Failure(
      problem?.items.first?.code, "\(path) cannot be read: \(problem?.items.first?.message ?? "unknown reason").",
      hint: problem?.items.first?.hint, exit: .usage)
  }
}

extension Batch {
  /// Where an event was read, for people: its line where there are lines.
  func place(of event: Event) -> String { line(of: event).map { "\(origin.name):\($0)" } ?? eventID(event) }
}
