import ArgumentParser
import ConnectorKit
import Connectors
import Records
import Status

struct ConnectorsCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "connectors",
    abstract: "List the connectors, or the settings of one.",
    usage: "millrace connectors [<name>] [<options>]",
    discussion: """
      What it says is read off the declarations that pipeline files are checked against.

      Example:
        millrace connectors file
      """)

  @Argument(
    help: "The word in `type:`.",
    completion: .list(Array(Set(Catalog.standard.sourceTypes + Catalog.standard.targetTypes)).sorted()))
  var name: String?

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let catalog = Catalog.standard
    guard let name else {
      answer(.array(catalog.all.map { ConnectorDocs.json($0) }), text: list(catalog))
      return .done
    }
    let found = catalog.all.filter { $0.about.type == name }
    guard !found.isEmpty else {
      throw Failure(
        nil, "There is no connector `\(name)`.",
        hint: Suggestion.hint(for: name, among: catalog.all.map { $0.about.type }.uniqued, noun: "there are"),
        exit: .usage)
    }
    answer(
      .array(found.map { ConnectorDocs.json($0) }),
      text: found.map { ConnectorDocs.text($0) }.joined(separator: "\n").withoutLastBreak)
    return .done
  }

  private func list(_ catalog: Catalog) -> String {
    let width = catalog.all.map { $0.about.type.count }.max() ?? 0
    return catalog.all.map { type in
      let about = type.about
      let head = "\(Environment.answerStyle.bold(about.type.padded(to: width)))  \(about.direction.rawValue)"
      return head + "\n" + about.summary.wrapped(to: Environment.answerWidth, indent: "    ")
    }.joined(separator: "\n")
  }
}

extension [String] {
  /// Each once, in order.
  var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}

extension String {
  var withoutLastBreak: String { hasSuffix("\n") ? String(dropLast()) : self }
}
