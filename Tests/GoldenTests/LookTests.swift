import Foundation
import Testing

/// The commands that look and change nothing.
struct LookTests {
  @Test(arguments: ["text", "json", "github", "sarif"])
  func `validate finds everything at once`(format: String) throws {
    let program = try Program()
    try program.write(Sample.broken, to: "broken.yaml")
    let answer = try program("validate", "broken.yaml", "--format", format)
    #expect(answer.code == 2)
    #expect(answer.err.isEmpty)
    try Golden.check(answer.out, "validate/broken.\(format)")
  }

  @Test func `validate of a folder in order`() throws {
    let program = try Program.withSample()
    let answer = try program("validate", ".", "--json")
    #expect(answer.code == 0)
    #expect(answer.out == #"{"files":1,"errors":0,"warnings":0,"diagnostics":[]}"# + "\n")
  }

  @Test func `a file that is missing`() throws {
    #expect(try Program()("validate", "nowhere.yaml").code == 2)
    #expect(try Program()("run", "nowhere.yaml").code == 2)
  }

  @Test(arguments: ["text", "mermaid", "dot", "json"])
  func `plan shows stages and defaults`(format: String) throws {
    let program = try Program.withSample()
    let answer = try program("plan", "products.yaml", "--format", format)
    #expect(answer.code == 0)
    try Golden.check(answer.out.settled, "plan/products.\(format)")
    #expect(!program.exists(".millrace"))
  }

  @Test func `a dry run shows source and target, and writes nothing`() throws {
    let program = try Program.withSample()
    let answer = try program("dry-run", "products.yaml")
    #expect(answer.code == 4)
    try Golden.check(answer.out + answer.err, "dry-run/products.txt")
    #expect(answer.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(!program.exists(".millrace") && !program.exists("out"))
  }

  @Test func `a dry run shows what the target holds and what would change`() throws {
    let program = try Program.withSample()
    try program.write(
      Sample.pipeline.replacing("write: replace", with: "write: replace, key: [id]"), to: "products.yaml")
    let held = #"{"id":1,"name":"Chair","price":45.00,"status":"active","weight_g":7500,"shop":"main"}"#
    let same = #"{"id":2,"name":"Table","price":199.0,"status":"hidden","weight_g":22000,"shop":"main","more":1}"#
    try program.write("\(held)\n\(same)\n", to: "out/shop.ndjson")
    let answer = try program("dry-run", "products.yaml", "--against-target", "--limit", "6")
    #expect(answer.code == 4)
    try Golden.check(answer.out + answer.err, "dry-run/against-target.txt")
    #expect(answer.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let json = try program("dry-run", "products.yaml", "--against-target", "--limit", "1", "--json")
    #expect(json.out.contains(#""changes":[{"field":"price","from":45.00,"to":49.90}]"#))
    #expect(try program.text("out/shop.ndjson") == "\(held)\n\(same)\n")
  }

  @Test func `a dry run tries the target's form`() throws {
    let program = try Program.withSample()
    try program.write(
      "{name: nested, source: {type: file, path: nested.ndjson}, mappings: {a: record.a}, target: {type: file, path: o.csv}}\n",
      to: "nested.yaml")
    try program.write("{\"a\":[1]}\n{\"a\":1}\n", to: "nested.ndjson")
    let tried = try program("dry-run", "nested.yaml", "--json")
    let run = try program("run", "nested.yaml", "--json")
    #expect(tried.out.contains(#""dead_lettered":"#) && tried.code == run.code)
  }

  @Test func `a target that cannot be asked`() throws {
    let program = try Program.withSample()
    let answer = try program("dry-run", "products.yaml", "--against-target")
    #expect(answer.code == 3)
    #expect(answer.err.contains("dry_run.no_key"))
  }

  @Test func `a dry run for machines`() throws {
    let program = try Program.withSample()
    let answer = try program("dry-run", "products.yaml", "--json", "--limit", "5")
    #expect(answer.code == 4)
    try Golden.check(answer.out.settled, "dry-run/products.json")
  }

  @Test func `a dry run over another file`() throws {
    let program = try Program.withSample()
    try program.write("id,kind,name,price,status\n5,physical,Desk,120.00,draft\n", to: "samples.csv")
    let answer = try program("dry-run", "products.yaml", "--input", "samples.csv", "--quiet")
    #expect(answer.code == 0)
    #expect(answer.out.contains(#""Desk""#))
    #expect(answer.err.isEmpty)
  }

  @Test func `connectors are documented from their declarations`() throws {
    let answer = try Program()("connectors", "file")
    #expect(answer.code == 0)
    try Golden.check(answer.out, "connectors/file.txt")
    let list = try Program()("connectors", "--json")
    let all = try JSONSerialization.jsonObject(with: Data(list.out.utf8)) as? [[String: Any]]
    #expect((all?.count ?? 0) >= 7)
  }

  @Test func `the schema in the repository is this one`() throws {
    let answer = try Program()("schema")
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("schemas/pipeline.schema.json")
    try Golden.check(answer.out, file: file)
  }

  @Test func `a first pipeline is valid and never overwrites`() throws {
    let program = try Program()
    let answer = try program("init", "shop/first.yaml", "--source", "file", "--target", "stdout")
    #expect(answer.code == 0)
    try Golden.check(program.text("shop/first.yaml"), "init/first.yaml")
    #expect(try program("validate", "shop", "--deny-warnings").code == 0)
    let again = try program("init", "shop/first.yaml")
    #expect(again.code == 3)
    #expect(again.err.contains("init.file_exists"))
  }

  /// Each code that stands in the sources is in the book: `area.what_happened` as an argument of an error.
  @Test func `every code is explained`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    let known = Set(try Program()("explain").out.split(separator: "\n").compactMap { $0.split(separator: " ").first })
    let areas = Set(known.compactMap { $0.split(separator: ".").first })
    let settings: Set<Substring> = ["csv.columns", "csv.delimiter", "csv.header", "batch.records", "batch.bytes"]
    let files =
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    #expect(files.count > 50)
    for file in files where file.pathExtension == "swift" && !file.lastPathComponent.hasPrefix("CodeBook") {
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: /"([a-z_]+\.[a-z][a-z0-9_]+)"/) {
        let code = match.1
        guard let area = code.split(separator: ".").first, areas.contains(area), !settings.contains(code) else {
          continue
        }
        if !known.contains(code) { Issue.record("\(code) of \(file.lastPathComponent) is in no code book") }
      }
    }
    let answer = try Program()("explain", "checkpoint.pipeline_changed")
    try Golden.check(answer.out, "explain/checkpoint.pipeline_changed.txt")
  }
}
