import ConnectorKit

// For people.
extension DiagnosticsReport {
  func text(color: Bool) -> String {
    let paint = Paint(isOn: color)
    return diagnostics.sorted.map { text($0, paint) + "\n" }.joined() + summary
  }

  private func text(_ item: Diagnostic, _ paint: Paint) -> String {
    let severity = item.severity == .error ? paint.red("error") : paint.yellow("warning")
    let path = item.path.isEmpty ? "" : " \(item.path):"
    var lines = ["\(paint.bold("\(item.place)")): \(severity):\(path) \(item.message) [\(item.code)]"]
    if let (line, marker) = excerpts.excerpt(item.place) {
      let number = String(item.place.line)
      let margin = String(repeating: " ", count: number.count)
      lines += ["  \(number) | \(line)", "  \(margin) | \(paint.bold(marker))"]
    }
    if let hint = item.hint { lines.append("  \(paint.cyan("hint")): \(hint)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var summary: String {
    let (errors, warnings) = (diagnostics.errors, diagnostics.warnings)
    let found = errors + warnings == 0 ? "no problems" : "\(count(errors, "error")), \(count(warnings, "warning"))"
    return "\(count(files, "file")): \(found)\n"
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

/// The colours of a terminal, or none.
private struct Paint {
  let isOn: Bool

  func bold(_ text: String) -> String { paint("1", text) }
  func red(_ text: String) -> String { paint("1;31", text) }
  func yellow(_ text: String) -> String { paint("1;33", text) }
  func cyan(_ text: String) -> String { paint("36", text) }

  private func paint(_ code: String, _ text: String) -> String {
    isOn ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
