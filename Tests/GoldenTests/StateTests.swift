import Foundation
import Testing

/// The commands that look at what a run left, or change it.
struct StateTests {
  @Test func `status before and after`() throws {
    let program = try Program.withSample()
    let before = try program("status", "products.yaml")
    #expect(before.code == 0)
    try Golden.check(before.out.settled, "status/before.txt")
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
    try Golden.check(program("status", "products.yaml").out.settled, "status/after.txt")
    try Golden.check(program("status", "products.yaml", "--json").out.settled, "status/after.json")
    try program.write(Sample.records + "{\"id\":11}\n", to: "products.ndjson")
    #expect(try program("status", "products.yaml").out.contains("10 B behind"))
  }

  @Test func `dead letters by reason and one by one`() throws {
    let program = try Program.withSample()
    #expect(try program("dead-letters", "list", "products.yaml").out.contains("no dead letters"))
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
    try Golden.check(program("dead-letters", "list", "products.yaml").out.settled, "dead-letters/list.txt")
    try Golden.check(program("dead-letters", "list", "products.yaml", "--json").out.settled, "dead-letters/list.json")
    try Golden.check(program("dead-letters", "show", "products.yaml").out.settled, "dead-letters/show.txt")
    let some = try program("dead-letters", "show", "products.yaml", "--field", "id", "--json")
    #expect(some.out.split(separator: "\n").count == 1)
    #expect(some.out.contains("Without an id"))
  }

  @Test func `a dead letter that came twice counts once`() throws {
    let program = try Program.withSample()
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
    #expect(try program("checkpoint", "rewind", "products.yaml", "--yes").code == 0)
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
    let lines = try program.text(".millrace/products.dead-letters.ndjson").split(separator: "\n")
    #expect(lines.count == 6)
    #expect(try program("dead-letters", "list", "products.yaml", "--json").out.contains(#""total":3,"#))
  }

  @Test func `a move says what it does and asks`() throws {
    let program = try Program.withSample()
    #expect(try program("checkpoint", "rewind", "products.yaml", "--yes").code == 3)
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
    let asked = try program("checkpoint", "rewind", "products.yaml")
    #expect(asked.code == 64)
    #expect(asked.err.contains("Replays") && asked.err.contains("--yes"))
    #expect(try program("status", "products.yaml").out.contains("line 11"))
    #expect(try program("checkpoint", "reset", "products.yaml", "--yes").code == 0)
    #expect(!program.exists(".millrace/products.checkpoint.json"))
    let again = try program("run", "products.yaml", "--json", "--quiet")
    #expect(again.out.contains(#""read":10,"#))
  }

  @Test func `a checkpoint moves to a given position`() throws {
    let program = try Program.withSample()
    try program.write("{\"a\":1}\n{\"a\":2}\n", to: "good.ndjson")
    try program.write(Sample.copy("good", source: "good.ndjson"), to: "good.yaml")
    #expect(try program("run", "good.yaml", "--quiet").code == 0)
    let start = try program("checkpoint", "set", "good.yaml", "--position", #"{"files":[]}"#, "--yes", "--json")
    #expect(start.code == 0)
    #expect(start.out.contains("Replays 16 B"))
    #expect(try program("run", "good.yaml", "--quiet").code == 0)
    #expect(try program.text("out/good.ndjson").split(separator: "\n").count == 4)
    let wrong = try program("checkpoint", "set", "good.yaml", "--position", #"{"offset":1}"#, "--yes")
    #expect(wrong.code == 3)
    #expect(wrong.err.contains("checkpoint.position_unreadable"))
  }

  @Test func `a damaged checkpoint is refused, and reset is the way out`() throws {
    let program = try Program.withSample()
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
    let path = ".millrace/products.checkpoint.json"
    try program.write(program.text(path).replacing("\"runs\": 1", with: "\"runs\": 2"), to: path)
    let refused = try program("run", "products.yaml")
    #expect(refused.code == 3)
    #expect(refused.err.contains("checkpoint.damaged"))
    #expect(try program("checkpoint", "reset", "products.yaml", "--yes").code == 0)
    #expect(try program("run", "products.yaml", "--quiet").code == 4)
  }

  @Test func `a second runner is refused`() throws {
    let program = try Program()
    try program.write("{\"a\":1}\n", to: "products.ndjson")
    try program.write(
      Sample.copy("follow").replacing("path: products.ndjson", with: "path: products.ndjson, follow: true"),
      to: "follow.yaml")
    let run = try program.start(["run", "follow.yaml"])
    try run.wait(for: "Starts at the beginning")
    let second = try program("run", "follow.yaml")
    #expect(second.code == 3)
    #expect(second.err.contains("checkpoint.locked"))
    #expect(try program("checkpoint", "reset", "follow.yaml", "--yes").code == 3)
    #expect(try program("status", "follow.yaml").out.contains("running (process \(run.process.processIdentifier))"))
    run.send(SIGTERM)
    #expect(run.end().code == 0)
  }

  @Test func `a replay asks what the pipeline remembers`() throws {
    let program = try Program()
    try program.write(
      """
      millrace: 1
      name: copy
      source: {type: file, path: in.ndjson}
      transforms: [{dedupe: {by: record.id, version: record.v}}]
      mappings: {id: record.id, n: {from: record.n, as: int}}
      target: {type: file, path: out.ndjson, write: append}
      """, to: "copy.yaml")
    try program.write(
      [#"{"id":1,"v":1,"n":"x"}"#, #"{"id":2,"v":1,"n":"x"}"#, #"{"id":1,"v":2,"n":"7"}"#].joined(separator: "\n")
        + "\n",
      to: "in.ndjson")
    #expect(try program("run", "copy.yaml").code == 4)
    try program.write(
      try program.text("copy.yaml").replacingOccurrences(of: ", as: int", with: ""), to: "copy.yaml")
    let answer = try program("dead-letters", "replay", "copy.yaml", "--yes", "--json", "--quiet")
    #expect(answer.code == 0, "\(answer.err)")
    let counts = #""replayed":2,"duplicate":0,"stale":1,"filtered":0,"refused_again":0,"open":0"#
    #expect(answer.out.contains(counts), "\(answer.out)")
    #expect(try program.text("out.ndjson") == "{\"id\":1,\"n\":7}\n{\"id\":2,\"n\":\"x\"}\n")
  }

  /// - Parameter again: what of the events that come later is written.
  @Test(arguments: [
    ("{by: record.id, window: 1h, time: timestamp(record.t)}", [4]), ("{by: record.id, records: 100}", [4]),
    ("{by: record.id, version: record.v}", [3, 4]),
  ])
  func `what a replay sent is remembered by the runs behind it`(dedupe: String, again: [Int]) throws {
    let program = try Program()
    try program.write(
      """
      millrace: 1
      name: copy
      source: {type: file, path: in.ndjson}
      transforms: [{dedupe: \(dedupe)}]
      mappings: {id: record.id, n: {from: record.n, as: int}}
      target: {type: file, path: out.ndjson, write: append}
      """, to: "copy.yaml")
    let event = { (id: Int, v: Int, n: String) in
      #"{"id":\#(id),"v":\#(v),"t":"2026-01-01T10:00:00Z","n":\#(n)}"# + "\n"
    }
    let first = event(1, 2, #""x""#)
    try program.write(first, to: "in.ndjson")
    #expect(try program("run", "copy.yaml").code == 4)
    try program.write(
      try program.text("copy.yaml").replacingOccurrences(of: ", as: int", with: ""), to: "copy.yaml")
    #expect(try program("dead-letters", "replay", "copy.yaml", "--yes").code == 0)
    #expect(try program("checkpoint", "set", "copy.yaml", "--accept", "--yes").code == 0)
    // The next run has nothing to read, and forgets nothing.
    #expect(try program("run", "copy.yaml").code == 0)
    try program.write(first + event(1, 1, "2") + event(1, 2, "3") + event(2, 1, "4"), to: "in.ndjson")
    #expect(try program("run", "copy.yaml").code == 0)
    let rows = try program.text("out.ndjson").split(separator: "\n").map(String.init)
    #expect(rows == [#"{"id":1,"n":"x"}"#] + again.map { #"{"id":\#($0 == 4 ? 2 : 1),"n":\#($0)}"# })
  }
}
