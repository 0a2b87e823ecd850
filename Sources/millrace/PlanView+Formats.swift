import Records
import Status

extension PlanView {
  /// For people; what stands in brackets is a default.
  func text(_ standing: Standing, width: Int, _ style: Style) -> String {
    let names = stages.flatMap(\.settings).map(\.name.count).max() ?? 0
    let blocks = stages.map { stage in
      ([style.bold(stage.title)] + stage.settings.map { line($0, names, width, style) }).joined(separator: "\n")
    }
    let next = (style.bold("a run now") + "\n" + standing.nextRun.wrapped(to: width, indent: "  "))
    let legend = style.dim("(in brackets: defaults, which the file does not change)")
    return (["\(style.bold(name))  \(legend)"] + blocks + [next]).joined(separator: "\n\n")
  }

  private func line(_ setting: Setting, _ names: Int, _ width: Int, _ style: Style) -> String {
    let start = "  \(setting.name.padded(to: names))  "
    let value = (setting.isDefault ? "(\(setting.value))" : setting.value).oneLine
    let margin = String(repeating: " ", count: start.count)
    let text = start + String(value.wrapped(to: width, indent: margin).dropFirst(margin.count))
    return setting.isDefault ? style.dim(text) : text
  }

  /// https://mermaid.js.org
  var mermaid: String {
    let graph = stages.filter(isInGraph)
    let nodes = graph.map { "  \($0.id)[\"\(Self.escaped(label($0), for: "#quot;"))\"]" }
    let arrows = edges.map { edge in
      edge.carries.map { "  \(edge.from) -. \($0) .-> \(edge.to)" } ?? "  \(edge.from) --> \(edge.to)"
    }
    return (["flowchart LR"] + nodes + arrows).joined(separator: "\n")
  }

  /// https://graphviz.org
  var dot: String {
    let nodes = stages.filter(isInGraph).map { "  \($0.id) [label=\"\(Self.escaped(label($0), for: "\\\""))\"];" }
    let arrows = edges.map { edge in
      let look = edge.carries.map { " [style=dashed, label=\"\($0)\"]" } ?? ""
      return "  \(edge.from) -> \(edge.to)\(look);"
    }
    return (["digraph \"\(name)\" {", "  rankdir=LR;", "  node [shape=box];"] + nodes + arrows + ["}"])
      .joined(separator: "\n")
  }

  private func isInGraph(_ stage: Stage) -> Bool { edges.contains { $0.from == stage.id || $0.to == stage.id } }

  /// The title, and the one thing that tells the stage from others of its kind.
  private func label(_ stage: Stage) -> String {
    if stage.id == "mappings" { return "\(stage.settings.count) mappings" }
    guard let main = stage.settings.first(where: { ["path", "when"].contains($0.name) }) else { return stage.title }
    return "\(stage.title) \(main.value)"
  }

  private static func escaped(_ text: String, for quote: String) -> String {
    text.oneLine.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: quote)
  }

  func json(_ standing: Standing) -> Value {
    [
      "pipeline": .string(name),
      "stages": .array(stages.map(Self.json)),
      "edges": .array(
        edges.map { edge in
          [
            "from": .string(edge.from), "to": .string(edge.to),
            "carries": .string(edge.carries ?? "records"),
          ]
        }),
      "next_run": standing.json,
    ]
  }

  private static func json(_ stage: Stage) -> Value {
    [
      "id": .string(stage.id), "title": .string(stage.title),
      "settings": .array(
        stage.settings.map {
          ["name": .string($0.name), "value": .string($0.value), "default": .bool($0.isDefault)]
        }),
    ]
  }
}
