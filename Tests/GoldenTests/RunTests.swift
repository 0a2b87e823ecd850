import Foundation
import Testing

/// Real runs from file to file.
struct RunTests {
  @Test func `a run ends with its balance`() throws {
    let program = try Program.withSample()
    let answer = try program("run", "products.yaml")
    #expect(answer.code == 4)
    #expect(answer.out.isEmpty)
    try Golden.check(answer.err.settled, "run/products.txt")
    try Golden.check(program.text("out/shop.ndjson"), "run/shop.ndjson")
  }

  @Test func `the last line for machines is the summary`() throws {
    let program = try Program.withSample()
    let answer = try program("run", "products.yaml", "--json", "--quiet")
    #expect(answer.code == 4)
    try Golden.check(answer.out.settled, "run/products.json")
    let again = try program("run", "products.yaml", "--json", "--quiet")
    #expect(again.code == 0)
    #expect(again.out.contains(#""read":0,"written":0,"#))
  }

  @Test func `quiet says nothing but problems`() throws {
    let program = try Program.withSample()
    try program.write(Sample.copy("copy", source: "good.ndjson"), to: "copy.yaml")
    try program.write("{\"a\":1}\n", to: "good.ndjson")
    let answer = try program("run", "copy.yaml", "--quiet")
    #expect(answer.code == 0)
    #expect(answer.err.isEmpty && answer.out.isEmpty)
  }

  @Test func `logs as JSON`() throws {
    let program = try Program.withSample()
    let answer = try program("run", "products.yaml", "--log-format", "json", "--log-level", "debug")
    let lines = try answer.err.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.allSatisfy { $0["time"] is String && $0["level"] is String && $0["message"] is String })
    let events = lines.compactMap { $0["event"] as? String }
    #expect(events.first == "started")
    #expect(events.last == "finished")
    #expect(events.contains("checkpointed") && events.contains("dead_lettered"))
  }

  @Test func `what repeats is written once, by a dry run, a backfill and the runs behind it`() throws {
    let program = try Program()
    let pipeline = Sample.copy("copy", source: "in.ndjson")
    try program.write(
      pipeline.replacingOccurrences(of: "mappings:", with: "transforms: [{dedupe: record.id}]\nmappings:"),
      to: "copy.yaml")
    try program.write("{\"id\":1,\"v\":\"a\"}\n{\"id\":2}\n{\"id\":1,\"v\":\"b\"}\n", to: "in.ndjson")
    for _ in 0..<2 {
      let answer = try program("dry-run", "copy.yaml")
      #expect(answer.code == 0)
      try Golden.check(answer.out + answer.err, "dry-run/dedupe.txt")
    }
    #expect(try program("backfill", "copy.yaml").err.contains("+ 1 duplicate\n"))
    try program.write(try program.text("in.ndjson") + "{\"id\":2,\"v\":\"c\"}\n{\"id\":3}\n", to: "in.ndjson")
    #expect(try program("run", "copy.yaml", "--once").err.contains("+ 1 duplicate\n"))
    #expect(try program.text("out/copy.ndjson") == "{\"id\":1,\"v\":\"a\"}\n{\"id\":2}\n{\"id\":3}\n")
  }

  @Test func `a backfill that was done before loads what came since, and says so`() throws {
    let program = try Program()
    try program.write(Sample.copy("copy", source: "in.ndjson"), to: "copy.yaml")
    try program.write("{\"id\":1}\n", to: "in.ndjson")
    #expect(try !program("backfill", "copy.yaml").err.contains("loaded before"))
    try program.write("{\"id\":1}\n{\"id\":2}\n", to: "in.ndjson")
    for name in ["more", "nothing"] {
      let answer = try program("backfill", "copy.yaml")
      #expect(answer.code == 0)
      try Golden.check(answer.err.settled, "run/backfill-\(name).txt")
    }
    #expect(try program.text("out/copy.ndjson") == "{\"id\":1}\n{\"id\":2}\n")
  }

  @Test func `a result that is never shown is told of where the run does not end`() throws {
    let program = try Program.withSample()
    let endless = Sample.pipeline.replacingOccurrences(
      of: "ndjson}\ntransforms", with: "ndjson, follow: true}\ntransforms")
    try program.write(endless, to: "endless.yaml")
    let told = try program("validate", "endless.yaml")
    #expect(told.code == 0)
    try Golden.check(told.out, "validate/never-shown.txt")
    for arguments in [["--once"], ["--until-current"]] {
      let answer = try program.start(["run", "endless.yaml"] + arguments).end()
      #expect(answer.code != 2 && !answer.err.contains("config.never_shown"))
    }
    #expect(program.exists("out/shop.ndjson"))
    #expect(try !program("backfill", "endless.yaml").err.contains("config.never_shown"))
    let run = try program.start(["run", "endless.yaml"])
    try run.wait(for: "config.never_shown")
    run.send(SIGTERM)
    _ = run.end()
  }

  @Test func `one that fails does not stop the others`() throws {
    let program = try Program.withSample()
    try program.write("{\"a\":1}\n{\"a\":2}\n", to: "good.ndjson")
    try program.write(Sample.copy("good", source: "good.ndjson"), to: "a.yaml")
    try program.write(Sample.copy("missing", source: "nowhere.ndjson"), to: "b.yaml")
    try program.write(Sample.broken, to: "c.yaml")
    let answer = try program("run", "a.yaml", "b.yaml", "c.yaml", "--json")
    #expect(answer.code == 3)
    #expect(try program.text("out/good.ndjson") == "{\"a\":1}\n{\"a\":2}\n")
    #expect(answer.err.contains("error[file.not_found]: missing:"))
    #expect(answer.err.contains("config.unknown_key"))
    let last = try #require(answer.out.split(separator: "\n").last)
    #expect(last.hasPrefix(#"{"pipelines":2,"failed":1,"read":2,"written":2,"#))
  }

  @Test func `a changed pipeline is refused until it is accepted`() throws {
    let program = try Program.withSample()
    #expect(try program("run", "products.yaml").code == 4)
    try program.write(Sample.pipeline.replacing("const: main", with: "const: other"), to: "products.yaml")
    let refused = try program("run", "products.yaml")
    #expect(refused.code == 2)
    try Golden.check(refused.err.settled, "run/changed.txt")
    #expect(try program("checkpoint", "set", "products.yaml", "--accept", "--yes").code == 0)
    #expect(try program("run", "products.yaml").code == 0)
  }

  @Test func `the environment fills references and names the state's folder`() throws {
    let program = try Program.withSample()
    try program.write(
      Sample.pipeline.replacing("path: products.ndjson", with: "path: \"${PRODUCTS}\", format: ndjson"),
      to: "products.yaml")
    let unset = try program("run", "products.yaml")
    #expect(unset.code == 3)
    #expect(unset.err.contains("PRODUCTS"))
    let set = try program(
      "run", "products.yaml", environment: ["PRODUCTS": "products.ndjson", "MILLRACE_STATE": "state"])
    #expect(set.code == 4)
    #expect(program.exists("state/products.checkpoint.json") && !program.exists(".millrace"))
  }
}

/// Runs that are asked to end.
struct SignalTests {
  private func slow() throws -> Program {
    let program = try Program()
    try program.write((1...5_000).map { "{\"id\":\($0)}\n" }.joined(), to: "products.ndjson")
    try program.write(Sample.copy("slow", rate: 100), to: "slow.yaml")
    return program
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `the first signal drains`(signal: Int32) throws {
    let program = try Program()
    try program.write("{\"a\":1}\n", to: "products.ndjson")
    try program.write(
      Sample.copy("follow").replacing("path: products.ndjson", with: "path: products.ndjson, follow: true"),
      to: "follow.yaml")
    let run = try program.start(["run", "follow.yaml", "--json"])
    try run.wait(for: "Starts at the beginning")
    run.send(signal)
    let answer = run.end()
    #expect(answer.code == 0)
    #expect(answer.err.contains("stopped in"))
    #expect(answer.out.contains(#""stage":"running""#))
  }

  @Test func `once ends a source that would wait`() throws {
    let program = try Program()
    try program.write("{\"a\":1}\n", to: "products.ndjson")
    try program.write(
      Sample.copy("follow").replacing("path: products.ndjson", with: "path: products.ndjson, follow: true"),
      to: "follow.yaml")
    let answer = try program("run", "--once", "follow.yaml")
    #expect(answer.code == 0)
    #expect(try program.text("out/follow.ndjson") == "{\"a\":1}\n")
  }

  @Test func `the second signal ends it at once`() throws {
    let program = try slow()
    let run = try program.start(["run", "slow.yaml"])
    try run.wait(for: "Starts at the beginning")
    // A stop that comes before the first batch was read has nothing to wait for.
    Thread.sleep(forTimeInterval: 1)
    run.send(SIGTERM)
    try run.wait(for: "Stopping")
    run.send(SIGTERM)
    let answer = run.end()
    #expect(answer.code == 128 + SIGTERM)
    #expect(answer.err.contains("flow.interrupted"))
  }
}
