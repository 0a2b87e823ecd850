import Foundation
import Testing

/// Expressions, tried and looked up.
struct EvalTests {
  @Test(arguments: [
    (["[1, 2, 3].filter(n, n > 1)"], "[2,3]"),
    (["record.name.upperAscii()", "--record", #"{"name":"desk"}"#], #""DESK""#),
    (["--", "-7 / 2"], "-3"), (["has(record.a) && op == 'read' && before == null", "--record", "{}"], "false"),
    (["decimal('0.10') + decimal('0.2')", "--json"], #"{"value":0.30,"type":"decimal"}"#),
    (["optional.none()"], "null"),
  ])
  func `a value is JSON`(arguments: [String], value: String) throws {
    let answer = try Program().start(["eval"] + arguments).end()
    #expect(answer.code == 0)
    #expect(answer.out == value + "\n")
    #expect(answer.err.isEmpty)
  }

  @Test(arguments: [
    ("compile", ["[1, 2].map(n, n * 2) +\n  recrd.x + frobnicate(1)"], 2), ("syntax", ["1 +"], 2),
    ("fails", ["size('äö') + record.price.amount", "--record", #"{"price":{}}"#], 1), ("no-record", ["record.a"], 1),
  ])
  func `what is wrong is marked`(name: String, arguments: [String], code: Int32) throws {
    let answer = try Program().start(["eval"] + arguments).end()
    #expect(answer.code == code)
    #expect(answer.out.isEmpty)
    try Golden.check(answer.err, "eval/\(name).txt")
  }

  /// What only a record shows to be wrong: each message says what to write.
  @Test func `mistakes that a record shows`() throws {
    let record = """
      {"id": 7, "name": "Desk", "price": 9.99, "qty": 2, "vat": null, "stock": "12 pieces", "tags": ["a"], \
      "day": "23.11.2026", "at": "2026-11-23T08:15:30Z", "size": {"w": 1}}
      """
    let mistakes = [
      "record.prise * 2.0", "record.price * record.qty", "record.price + record.vat", "record.name + record.id",
      "record.size.height", "record.tags[1]", "record.name.first", "int(record.stock)", "int(record.vat)",
      "date(record.day)", "date(record.at)", "timestamp(record.day)", "record.at > timestamp('2026-01-01T00:00:00Z')",
      "record.qty ? 'yes' : 'no'", "{'Table': 1}[record.name]", "record.price / 0", "record.tags.join(record.id)",
      "record.name.substring(2, 9)", "[record.qty, record.vat].sum()", "date.parse(record.day, 'yyyy-MM-dd')",
    ]
    let answers = try mistakes.map { mistake in
      let answer = try Program().start(["eval", mistake, "--record", record]).end()
      #expect(answer.code == 1 && answer.out.isEmpty, "\(mistake)")
      return answer.err
    }
    try Golden.check(answers.joined(separator: "\n"), "eval/mistakes.txt")
  }

  @Test func `what never has a value is a warning where it does not matter`() throws {
    let answer = try Program()("eval", "true || 1 / 0 > 1")
    #expect(answer.code == 0)
    #expect(answer.out == "true\n")
    try Golden.check(answer.err, "eval/warning.txt")
    #expect(try Program()("eval", "true || 1 / 0 > 1", "--quiet").err.isEmpty)
  }

  @Test func `what is wrong is told to programs, a line a problem`() throws {
    let answer = try Program()("eval", "recrd.x + frobnicate(1)", "--json")
    #expect(answer.code == 2)
    try Golden.check(answer.out, "eval/compile.json")
  }

  @Test func `each record of a file has a line`() throws {
    let program = try Program.withSample()
    let answer = try program("eval", "int(record.id) * 10", "--input", "products.ndjson")
    #expect(answer.code == 1)
    #expect(answer.out == [1, 2, 3, 4, 6, 7, 9, 10].map { "\($0 * 10)\n" }.joined())
    try Golden.check(answer.err, "eval/input.txt")
    try program.write("id,name\n7,Desk\n", to: "products.csv")
    #expect(try program("eval", "record.name + record.id", "--input", "products.csv").out == "\"Desk7\"\n")
  }

  @Test(arguments: [
    (["1", "--lines"], "--lines"), (["--input", "a.csv"], "no expression"),
    (["1", "--record", "{}", "--input", "a.csv"], "not both"),
    (["record.a", "--record", "{a:1}"], "no JSON"),
  ])
  func `wrong usage ends with 64`(arguments: [String], says: String) throws {
    let answer = try Program().start(["eval"] + arguments).end()
    #expect(answer.code == 64)
    #expect(answer.err.contains(says))
  }

  /// Each request waits for the answer to the one before it, so an answer that is not flushed is never seen.
  @Test func `lines are answered as they come`() throws {
    let dialogue = [
      (
        #"{"id":1,"expr":"a + 1","bindings":{"a":{"t":"int","v":"2"}}}"#, #"{"id":1,"value":{"t":"int","v":"3"}}"#
      ),
      (#"{"id":"two","expr":"[1u]","check_only":true}"#, #"{"id":"two","type":"list(uint)"}"#),
      (#"{"id":3,"expr":"\n 1 / 0"}"#, #"{"id":3,"error":{"message":"division by zero","line":2,"col":4}}"#),
      ("not JSON", #"{"id":null,"error":{"message":"the request is no JSON, from byte 0 on","line":1,"col":1}}"#),
      (#"{"id":5,"expr":"'a' + 'b'"}"#, #"{"id":5,"value":{"t":"string","v":"ab"}}"#),
    ]
    let input = Pipe()
    let run = try Program().start(["eval", "--lines"], input: input)
    for (request, answer) in dialogue {
      input.fileHandleForWriting.write(Data((request + "\n").utf8))
      try run.wait(for: answer + "\n", in: \.answered)
    }
    try input.fileHandleForWriting.close()
    let end = run.end()
    #expect(end.code == 0)
    #expect(end.err.isEmpty)
    #expect(end.out == dialogue.map { $0.1 + "\n" }.joined())
  }

  @Test func `functions are explained`() throws {
    try Golden.check(Program()("functions").out, "functions/all.txt")
    try Golden.check(Program()("functions", "substring").out, "functions/substring.txt")
    try Golden.check(Program()("functions", "substring", "--json").out, "functions/substring.json")
    let list =
      try JSONSerialization.jsonObject(with: Data(Program()("functions", "--json").out.utf8)) as? [[String: Any]]
    #expect(list?.count ?? 0 > 100)
    let unknown = try Program()("functions", "subsring")
    #expect(unknown.code == 64)
    #expect(unknown.err.contains("did you mean `substring`?"))
  }

  @Test func `a conversation`() throws {
    let program = try Program()
    try program.write("{\"sku\":\"a\"}\n{\"sku\":\"b\",\"price\":2}\n", to: "p.ndjson")
    let lines = """
      1 + 2
      record.sku
      :record p.ndjson 2
      record.sku.upperAscii()
      :type record.price > 1
      :type [1, 2].map(n, n * 2)
      :record
      :record {"sku": "desk"}
      record.sku + 1
      :record p.ndjson 3
      :record nowhere.ndjson
      :key {"id": 1
      :key {"id": 1}
      key.id
      size(
      :recrd
      :help trim
      :help trimm
      :help

      :quit
      never
      """
    let input = Pipe()
    let run = try program.start(["eval"], input: input)
    try input.fileHandleForWriting.write(contentsOf: Data(lines.utf8))
    try input.fileHandleForWriting.close()
    let answer = run.end()
    #expect(answer.code == 1)
    #expect(answer.err.isEmpty)
    try Golden.check(answer.out, "eval/conversation.txt")
  }
}
