import ConnectorKit
import Connectors
import Examples
import Glibc
import Pipelines
import Records
import Status

/// Makes failing examples hold by writing what came out into their files: shows it, asks, tries it, and only then
/// replaces the files.
struct TestUpdate {
  let results: [TestResult]
  let asks: Bool

  private struct Change {
    var file: String
    var edits: [ExpectationEdit]
    var source: Pipelines.SourceText
    /// The names of the examples that must hold afterwards.
    var tests: Set<String>
  }

  func run() throws(Failure) -> ExitStatus {
    var changes: [Change] = []
    for file in results.map(\.plan.file).unique { changes.append(try change(file)) }
    for change in changes { show(change) }
    try confirm(changes)
    for change in changes { try write(change) }
    return .done
  }

  private func change(_ file: String) throws(Failure) -> Change {
    guard let source = Pipelines.SourceText.read(file) else {
      throw Failure("config.file_unreadable", "\(file) cannot be read any more.", exit: .surroundings)
    }
    let own = results.filter { $0.plan.file == file }
    let edits = own.flatMap { ExpectationEdit.edits(for: $0.test, at: $0.node, from: $0.outcome, in: source) }
    return Change(file: file, edits: edits, source: source, tests: Set(own.map(\.test.name)))
  }

  private func show(_ change: Change) {
    let style = Environment.style
    for edit in change.edits {
      let (place, text) = edit.shown
      let lines = text.split(separator: "\n").map { style.good("  + \($0)") }
      Output.write(style.dim("\(place)") + "\n" + lines.joined(separator: "\n") + "\n", to: STDERR_FILENO)
    }
  }

  /// On a terminal somebody is asked.
  private func confirm(_ changes: [Change]) throws(Failure) {
    guard asks, isatty(STDIN_FILENO) == 1 else { return }
    let files = changes.map(\.file).joined(separator: ", ")
    Output.write("Write this into \(files)? [y/N] ", to: STDERR_FILENO)
    let reply = readLine()?.lowercased()
    guard reply == "y" || reply == "yes" else { throw Failure(nil, "Nothing was changed.", exit: .failed) }
  }

  private func write(_ change: Change) throws(Failure) {
    let bytes = ExpectationEdit.apply(change.edits, to: change.source)
    guard holds(change, bytes) else {
      throw Failure(
        "test.cannot_update", "\(change.file) cannot be updated: the examples would still fail.",
        hint: "Write the expectation yourself; aliases and `expect_error` are left to you.", exit: .failed)
    }
    do throws(FileError) {
      try Self.replace(change.file, with: bytes)
    } catch {
      throw Failure(error)
    }
    Output.write("\(change.file) is updated.\n", to: STDERR_FILENO)
  }

  private static func replace(_ file: String, with bytes: [UInt8]) throws(FileError) {
    var buffer = ByteBuffer()
    bytes.withUnsafeBytes { buffer.append($0) }
    try Files.replace(file, with: buffer.bytes)
  }

  /// Whether the examples hold in the new text.
  private func holds(_ change: Change, _ bytes: [UInt8]) -> Bool {
    let read = PipelineReader.read(file: change.file, bytes: bytes, catalog: .standard)
    guard !read.diagnostics.hasErrors, let plan = read.plans.first else { return false }
    return zip(plan.tests, plan.testNodes).filter { change.tests.contains($0.0.name) }.allSatisfy { test, node in
      TestResult(of: test, at: node, in: plan).passed
    }
  }
}

extension Array where Element: Hashable {
  /// Each once, in their order.
  fileprivate var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
