import ConnectorKit
import Pipelines
import Records
import Testing

/// Large files of one shape each: reading them takes time in proportion, whatever the shape. A quadratic step would
/// make this suite run for hours; the bounds are far below what a machine can do.
@Suite struct HostileFileTests {
  private static let bytes = 1 << 18

  static let shapes: [(String, String)] = [
    ("brackets", "["), ("braces", "{"), ("brackets in a key", "? ["), ("keys of keys", "? "), ("dashes", "- "),
    ("plain lines", "a\n"), ("one word", "a"), ("one line of values", "a, "), ("quotes", "\"\" "),
    ("open quote", "'a\n"),
    ("comments", "#\n"), ("one comment", "#"), ("anchors", "- &a x\n"), ("aliases", "- *a\n"), ("tags", "- !a x\n"),
    ("merge keys", "<<: x\n"), ("blocks", "- |\n\n"), ("blank lines in a block", "\n"), ("percent signs", "%"),
    ("spaces", " "), ("colons", ": "), ("documents", "---\n"), ("references", "${a} "), ("escapes", "\\"),
  ]

  @Test(arguments: shapes)
  func read(name: String, piece: String) {
    for start in ["", "a: [", "mappings: {a: {values: {"] {
      let text = start + String(repeating: piece, count: Self.bytes / piece.utf8.count)
      let result = PipelineReader.read(file: "h.yaml", bytes: Array(text.utf8), catalog: catalog)
      #expect(result.diagnostics.hasErrors)
      #expect(DiagnosticsReport(result).render(.text).utf8.count < 10 << 20)
    }
  }

  @Test func manyKeys() {
    let count = 4_000
    func text(_ line: (Int) -> String) -> String { (0..<count).map(line).joined() }
    let unknown = text { "key\($0): 1\n" }
    let fields = "mappings:\n" + text { "  f\($0): recrod.a\n" }
    let drops = "mappings:\n" + text { "  f\($0): drop\n" }
    let key = pipeline().replacing("out.ndjson}", "out.ndjson, key: [\(text { "k\($0), " })]}")
    let secrets = pipeline().replacing("{type: file, path: in.ndjson}", "{type: queue, url: [\(text { "x\($0), " })]}")
    for yaml in [unknown, fields, drops, key, secrets] {
      let result = PipelineReader.read(file: "h.yaml", bytes: Array(yaml.utf8), catalog: catalog)
      #expect(result.diagnostics.hasErrors)
      #expect(result.diagnostics.items.count <= 2 * Diagnostics.perFileMax + 2)
      _ = DiagnosticsReport(result).render(.text)
    }
  }

  @Test func aLargePipelineThatIsInOrder() {
    let fields = (0..<4_000).map { "  f\($0): {from: record.f\($0), trim: true}\n" }.joined()
    let yaml = pipeline(mappings: "\n\(fields)").replacing("out.ndjson}", "out.ndjson, key: [f3999]}")
    let result = PipelineReader.read(file: "h.yaml", bytes: Array(yaml.utf8), catalog: catalog)
    #expect(result.plans.first?.columns.key == [3_999])
  }
}
