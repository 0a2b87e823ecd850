import ConnectorKit
import Pipelines
import Records

/// Writes what came out of an example into its file, in place of what was expected. All else stays as it is: the other
/// lines, their comments, their layout.
package struct ExpectationEdit: Sendable {
  /// Longer lines are broken, in characters.
  private static let widthMax = 110

  /// Characters of the file that give way.
  let start: Place
  let end: Place
  let text: String

  /// The edits that make an example hold; none where it does.
  package static func edits(
    for test: PipelineTest, at node: ConfigNode, from outcome: ExampleOutcome, in source: SourceText
  ) -> [ExpectationEdit] {
    Expectations.new(for: test, at: node, from: outcome).compactMap { key, value in
      guard let entry = node.entry(key) else { return adding(key, value, to: node, in: source) }
      // What an alias repeats stands elsewhere, and may hold for others too.
      return entry.value.place < entry.keyPlace ? nil : replacing(entry, with: value, in: source)
    }
  }

  /// Where it begins, and the lines that come there, for people.
  package var shown: (place: Place, text: String) { (start, text) }

  /// The file with the edits made.
  package static func apply(_ edits: [ExpectationEdit], to source: SourceText) -> [UInt8] {
    var bytes = source.bytes
    // From the end, so that what is still to come stays where it was.
    let fromEnd = edits.enumerated().sorted { ($0.element.start, $0.offset) > ($1.element.start, $1.offset) }
    for edit in fromEnd.map(\.element) {
      var range = source.byte(at: edit.start)..<source.byte(at: edit.end)
      // No space stays at the end of the line before.
      while edit.text.hasPrefix("\n"), range.lowerBound > 0, bytes[range.lowerBound - 1] == UInt8(ascii: " ") {
        range = range.lowerBound - 1..<range.upperBound
      }
      bytes.replaceSubrange(range, with: Array(edit.text.utf8))
    }
    return bytes
  }

  private static func replacing(_ entry: ConfigEntry, with value: Value, in source: SourceText) -> ExpectationEdit {
    let node = entry.value
    let begin = node.place
    let isInline = begin.line == entry.keyPlace.line
    let end = source.end(of: node)
    if source.isFlow(node), source.isInFlow(entry.keyPlace) || isShort(value, at: begin) {
      return ExpectationEdit(start: begin, end: end, text: YAMLText.flow(value))
    }
    let indent = isInline ? entry.keyPlace.column + 1 : begin.column - 1
    let text = block(value, indent: indent)
    return ExpectationEdit(
      start: begin, end: end, text: isInline && text.hasPrefix("- ") ? "\n" + spaces(indent) + text : text)
  }

  private static func adding(
    _ key: String, _ value: Value, to node: ConfigNode, in source: SourceText
  ) -> ExpectationEdit {
    if source.isFlow(node) {
      var close = source.end(of: node)
      close.column -= 1
      return ExpectationEdit(start: close, end: close, text: ", \(key): \(YAMLText.flow(value))")
    }
    let last = source.endOfLine(source.end(of: node))
    let indent = node.place.column - 1
    let text = block(value, indent: indent + 2)
    let head = "\n" + spaces(indent) + key + ":"
    return ExpectationEdit(
      start: last, end: last, text: text.hasPrefix("- ") ? head + "\n" + spaces(indent + 2) + text : head + " " + text)
  }

  /// A list line by line; anything else in one.
  private static func block(_ value: Value, indent: Int) -> String {
    guard let items = value.array, !items.isEmpty else { return YAMLText.flow(value) }
    return items.map { "- " + item($0, indent: indent + 2) }.joined(separator: "\n" + spaces(indent))
  }

  /// In one line where it fits, otherwise a line a member.
  private static func item(_ value: Value, indent: Int) -> String {
    let line = YAMLText.flow(value)
    guard line.count + indent > widthMax, case .object(let members) = value else { return line }
    return members.map { "\(YAMLText.scalar($0.name)):" + inner($0.value, indent: indent) }
      .joined(separator: "\n" + spaces(indent))
  }

  private static func inner(_ value: Value, indent: Int) -> String {
    let line = YAMLText.flow(value)
    guard line.count + indent > widthMax - 20, case .object(let members) = value else { return " " + line }
    let lines = members.map { "\(YAMLText.scalar($0.name)): \(YAMLText.flow($0.value))" }
    return "\n" + lines.map { spaces(indent + 2) + $0 }.joined(separator: "\n")
  }

  private static func isShort(_ value: Value, at place: Place) -> Bool {
    (value.array?.count ?? 0) <= 1 && place.column + YAMLText.flow(value).count <= widthMax
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}

extension SourceText {
  /// Whether a list or mapping is written with brackets or braces.
  fileprivate func isFlow(_ node: ConfigNode) -> Bool {
    guard node.scalar == nil else { return true }
    let byte = byte(at: node.place)
    return byte < bytes.count && (bytes[byte] == UInt8(ascii: "[") || bytes[byte] == UInt8(ascii: "{"))
  }

  /// Whether a key stands in braces: something else than spaces and dashes is before it in its line.
  fileprivate func isInFlow(_ key: Place) -> Bool {
    line(key.line).unicodeScalars.prefix(key.column - 1).contains { $0 != " " && $0 != "-" }
  }

  /// The end of the line that a place ends; a comment stays with what is before it.
  fileprivate func endOfLine(_ place: Place) -> Place {
    let number = place.column == 1 && place.line > 1 ? place.line - 1 : place.line
    return Place(file: place.file, line: number, column: line(number).unicodeScalars.count + 1)
  }

  /// Where a value ends; what block style ends with is its last scalar.
  fileprivate func end(of node: ConfigNode) -> Place {
    var last = node.place
    if !isFlow(node) {
      let children = node.list ?? node.map?.map(\.value) ?? []
      if let inner = children.map({ end(of: $0) }).max() { return inner }
    }
    (last.line, last.column) = (last.endLine, last.endColumn)
    return Place(file: last.file, line: last.line, column: last.column)
  }
}
