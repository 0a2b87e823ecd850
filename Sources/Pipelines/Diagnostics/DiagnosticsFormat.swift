import ConnectorKit
import Records

/// How diagnostics are written.
package enum DiagnosticsFormat: String, Sendable, CaseIterable {
  case text, json, github, sarif
}

/// What a check of files found, ready to be written.
package struct DiagnosticsReport: Sendable {
  package var diagnostics: Diagnostics
  /// How many files were looked at.
  package var files: Int
  package var excerpts: Excerpts

  package init(_ diagnostics: Diagnostics, files: Int, excerpts: Excerpts = Excerpts()) {
    self.diagnostics = diagnostics
    self.files = files
    self.excerpts = excerpts
  }

  package init(_ result: PipelineReader.Result) {
    self.init(result.diagnostics, files: result.files, excerpts: result.excerpts)
  }

  /// - Parameters:
  ///   - color: whether `text` may use a terminal's colours.
  ///   - codes: titles and explanations for `sarif`.
  ///   - version: the program's, for `sarif`.
  /// - Returns: with a line break at the end of each line; empty where the format has nothing to say.
  package func render(
    _ format: DiagnosticsFormat, color: Bool = false, codes: CodeBook = CodeBook([]), version: String = "0"
  ) -> String {
    switch format {
    case .text: text(color: color)
    case .json: json.json + "\n"
    case .github: github
    case .sarif: sarif(codes, version: version).prettyJSON + "\n"
    }
  }
}

// For programs.
extension DiagnosticsReport {
  package var json: Value {
    [
      "files": .int(Int64(files)), "errors": .int(Int64(diagnostics.errors)),
      "warnings": .int(Int64(diagnostics.warnings)), "diagnostics": .array(diagnostics.sorted.map(\.json)),
    ]
  }

  /// The workflow commands of GitHub Actions, which show them beside the changed lines.
  private var github: String {
    diagnostics.sorted.map { item in
      let place = item.place
      let end = place.endLine == place.line && place.endColumn > place.column ? ",endColumn=\(place.endColumn)" : ""
      let at = "file=\(Self.property(place.file)),line=\(place.line),col=\(place.column)\(end)"
      let title = Self.property(item.code)
      return "::\(item.severity.rawValue) \(at),title=\(title)::\(Self.data(item.sentence))\n"
    }.joined()
  }

  private static func data(_ text: String) -> String {
    text.unicodeScalars.map { letter in
      switch letter {
      case "%": "%25"
      case "\r": "%0D"
      case "\n": "%0A"
      default: String(letter)
      }
    }.joined()
  }

  private static func property(_ text: String) -> String {
    data(text).unicodeScalars.map { $0 == ":" ? "%3A" : $0 == "," ? "%2C" : String($0) }.joined()
  }
}

extension Diagnostic {
  package var json: Value {
    [
      "severity": .string(severity.rawValue), "code": .string(code), "file": .string(place.file),
      "line": .int(Int64(place.line)), "column": .int(Int64(place.column)), "path": .string(path),
      "message": .string(message), "hint": hint.map { .string($0) } ?? .null,
    ]
  }

  /// Path, message and hint in one line.
  fileprivate var sentence: String {
    let start = path.isEmpty ? message : "\(path): \(message)"
    return hint.map { "\(start); \($0)" } ?? start
  }
}
