import Records
import Testing

@testable import Expressions

/// Runs mappings over NDJSON and shows what comes out.
enum MappingRun {
  struct Result: Equatable {
    var rows: [String]
    var failures: [String]
    var filtered = 0
  }

  static func run(
    _ lines: String, _ fields: [(String, FieldMapping)], key: [Int] = [], filters: [String] = [],
    transforms: [Transform] = [],
    rest: Bool = false, dropped: [String] = []
  ) -> Result {
    let columns = Columns(
      names: fields.map(\.0), key: key, rest: rest ? Columns.Rest(excluded: fields.map(\.0) + dropped) : nil)
    let mapping = Mapping(fields: fields.map { Mapping.Field($0.0, $0.1) }, passesRest: rest, dropped: dropped)
    let program = MappingProgram(
      transforms: transforms + filters.map { .filter(try! EventExpression($0, giving: .bool)) }, mapping: mapping,
      columns: columns,
      lanes: key.isEmpty ? 1 : 2)
    let batch = Batch()
    batch.bytes.append(lines)
    batch.origin = Origin(name: "in", offset: 0, line: 1)
    JSONRecordDecoder().decode(batch)
    MappingExecutor(program).map(batch)
    return encode(batch, columns)
  }

  private static func encode(_ batch: Batch, _ columns: Columns) -> Result {
    let payload = Payload()
    let encoder = JSONRowEncoder(columns)
    for row in batch.rows.rows.indices { try? encoder.encode(row: row, of: batch, into: payload) }
    return Result(
      rows: payload.bytes.text.split(separator: "\n").map { String($0) },
      failures: batch.failures.map { "\($0.code) \($0.field ?? "-")" },
      filtered: batch.events.indices.count { batch.events[$0].outcome == .filtered })
  }
}

private func from(_ steps: Path.Step...) -> FieldMapping { FieldMapping(from: .path(Path(.record, steps))) }

private func mapped(_ name: String = "a", _ change: (inout FieldMapping) -> Void = { _ in }) -> FieldMapping {
  var field = from(.member(name))
  change(&field)
  return field
}

@Suite struct MappingExecutorTests {
  @Test func copiesPassUnchanged() {
    let record = #"{"a":1.10,"b":"\u00e9\"","c":[1, {"x":null}],"d":true,"e":null,"f":123456789012345678901234567890}"#
    let names = ["a", "b", "c", "d", "e", "f", "missing"]
    let result = MappingRun.run(record, names.map { ($0, mapped($0)) })
    #expect(result.rows == [record])
  }

  @Test func textsAndNamesOfEveryLengthAreCopied() {
    let lengths = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1_000]
    let members = lengths.flatMap { length -> [(String, String)] in
      let text = String(repeating: "x", count: length)
      return [("text\(text)", "\"\(text)\""), ("number\(text)", "1\(String(repeating: "0", count: length))")]
    }
    let names = members.map(\.0)
    let record = "{\(members.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
    let result = MappingRun.run(record, names.map { ($0, mapped($0)) })
    #expect(result.rows == [record])
  }

  @Test func pathsReachInto() {
    let record = #"{"a":{"b":[10,{"c":"deep"}]},"odd key":2}"#
    let result = MappingRun.run(
      record,
      [
        ("x", from(.member("a"), .member("b"), .index(1), .member("c"))),
        ("y", from(.member("a"), .member("b"), .index(0))),
        ("z", from(.member("odd key"))), ("n", from(.member("a"), .member("b"), .index(9))), ("whole", from()),
      ])
    #expect(result.rows == [#"{"x":"deep","y":10,"z":2,"whole":\#(record)}"#])
  }

  @Test func theLastOfRepeatedMembersWinsWhole() {
    let result = MappingRun.run(
      #"{"a":{"b":1},"a":{"c":2}}"#,
      [("b", from(.member("a"), .member("b"))), ("c", from(.member("a"), .member("c")))])
    #expect(result.rows == [#"{"c":2}"#])
  }

  /// Records in turns of shapes that look alike: what one left behind must not show in another.
  @Test func shapesAreNotMixedUp() {
    var lines: [String] = []
    var expected: [String] = []
    for turn in 0..<400 {
      switch turn % 7 {
      case 0:
        lines.append("{\"a\":\(turn),\"b\":{\"c\":1}}")
        expected.append("{\"a\":\(turn),\"c\":1}")
      case 1:
        lines.append("{\"b\":\(turn),\"a\":{\"c\":1}}")
        expected.append("{\"a\":{\"c\":1}}")
      case 2:
        lines.append("{\"a\":[\(turn)],\"b\":{}}")
        expected.append("{\"a\":[\(turn)]}")
      case 3:
        lines.append("{\"a\":\(turn),\"b\":[1]}")
        expected.append("{\"a\":\(turn)}")
      case 4:
        lines.append("{\"a\":\(turn),\"b\":{\"d\":1}}")
        expected.append("{\"a\":\(turn)}")
      case 5:
        lines.append("{\"k\(turn)\":0,\"a\":1,\"b\":{\"c\":null}}")
        expected.append("{\"a\":1,\"c\":null}")
      default:
        lines.append("{}")
        expected.append("{}")
      }
    }
    let result = MappingRun.run(
      lines.joined(separator: "\n"), [("a", mapped()), ("c", from(.member("b"), .member("c")))])
    #expect(result.rows == expected)
  }

  @Test func membersBeyondTheKeyTableAreFound() {
    let members = (0..<KeyTable.keysMax + 10).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    let result = MappingRun.run("{\(members)}", [("last", from(.member("k\(KeyTable.keysMax + 5)")))])
    #expect(result.rows == ["{\"last\":\(KeyTable.keysMax + 5)}"])
  }

  @Test(arguments: [
    (Cast.int, #""42""#, "42"), (.int, "42.0", "42"), (.int, #""+007""#, "7"), (.int, "42.5", "refused"),
    (.int, #""x""#, "refused"),
    (.int, "9223372036854775807", "9223372036854775807"), (.int, "9223372036854775808", "refused"),
    (.int, "true", "refused"),
    (.decimal, #""12.50""#, "12.50"), (.decimal, "1e3", "1000"), (.decimal, #"".5""#, "0.5"),
    (.decimal, #""1,5""#, "refused"),
    (.decimal, "0.1234567890123456789012345678901234567", "0.1234567890123456789012345678901234567"),
    (.double, "19.99", "19.99"), (.double, "0.12345678901234567890", "refused"), (.double, #""1e5""#, "100000.0"),
    (.string, "1.50", #""1.50""#), (.string, "true", #""true""#), (.string, "[1]", "refused"),
    (.string, #""a\nb""#, #""a\nb""#),
    (.bool, #""TRUE""#, "true"), (.bool, "0", "false"), (.bool, #""yes""#, "refused"), (.bool, "2", "refused"),
    (.date, #""2024-02-29""#, #""2024-02-29""#), (.date, #""2023-02-29""#, "refused"),
    (.date, #""2024-02-29T00:00:00Z""#, #""2024-02-29""#), (.date, #""2024-02-29T10:00:00Z""#, "refused"),
    (.timestamp, #""2024-02-29T10:00:00.5+01:00""#, #""2024-02-29T10:00:00.5+01:00""#),
    (.timestamp, #""2024-02-29 10:00:00z""#, #""2024-02-29T10:00:00Z""#),
    (.timestamp, #""2024-02-29T10:00:00""#, "refused"),
    (.timestamp, "1700000000", "refused"), (.timestamp, #""2024-02-29T25:00:00Z""#, "refused"),
    (.epochSeconds, #""1970-01-01T00:01:00Z""#, "60"), (.epochSeconds, #""1970-01-01T00:01:00.5Z""#, "refused"),
    (.epochMilliseconds, #""1969-12-31T23:59:59.999Z""#, "-1"), (.epochMilliseconds, "17", "17"),
    (.uuid, #""A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11""#, #""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#),
    (.uuid, #""a0eebc999c0b4ef8bb6d6bb9bd380a11""#, #""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#),
    (.uuid, #""a0ee""#, "refused"),
    (.json, #""{\"x\":[1, 2]}""#, #"{"x":[1,2]}"#), (.json, #""{""#, "refused"), (.json, "5", "5"),
    (.bytes, #""aGk=""#, #""aGk=""#), (.bytes, #""a""#, "refused"), (.int, "null", "null"),
  ])
  func casts(_ cast: Cast, _ input: String, _ expected: String) {
    let result = MappingRun.run("{\"a\":\(input)}", [("a", mapped { $0.cast = cast })])
    if expected != "refused" {
      #expect(result.rows == ["{\"a\":\(expected)}"])
    } else {
      #expect(result.failures == ["mapping.cast_failed a"])
    }
  }

  @Test func valuesTrimLengthDefaultRequired() {
    let status = mapped("s") {
      $0.values = [.init("draft", "hidden"), .init(1, "one"), .init(true, "yes"), .init(nil, "none")]
    }
    let other = mapped("s") {
      $0.values = [.init("draft", "hidden")]
      $0.otherwise = "else"
      $0.fallback = "default"
    }
    #expect(
      MappingRun.run("{\"s\":\"draft\"}\n{\"s\":1.0}\n{\"s\":true}\n{\"s\":null}\n{\"s\":\"x\"}\n{}", [("s", status)])
        == .init(
          rows: [#"{"s":"hidden"}"#, #"{"s":"one"}"#, #"{"s":"yes"}"#, #"{"s":"none"}"#, "{}"],
          failures: ["mapping.value_unknown s"]))
    #expect(
      MappingRun.run("{\"s\":\"\\u0064raft\"}\n{\"s\":7}\n{\"s\":null}\n{}", [("s", other)]).rows
        == [#"{"s":"hidden"}"#, #"{"s":"else"}"#, #"{"s":"else"}"#, #"{"s":"default"}"#])
    let name = mapped("n") {
      $0.trim = true
      $0.maxLength = 3
      $0.required = true
    }
    #expect(
      MappingRun.run(
        "{\"n\":\"  ab\\t\"}\n{\"n\":\"\u{2003}äöü \"}\n{\"n\":\"abcd\"}\n{\"n\":null}\n{}", [("n", name)])
        == .init(
          rows: [#"{"n":"ab"}"#, #"{"n":"äöü"}"#],
          failures: ["mapping.too_long n", "mapping.required_missing n", "mapping.required_missing n"]))
    let trimmed = mapped("n") { $0.trim = true }
    let scalars = (0x80..<0x3100).compactMap { Unicode.Scalar($0) }
    #expect(
      MappingRun.run(scalars.map { "{\"n\":\"\($0)a\($0)\"}\n" }.joined(), [("n", trimmed)]).rows
        == scalars.map { $0.properties.isWhitespace ? #"{"n":"a"}"# : "{\"n\":\"\($0)a\($0)\"}" })
    let cut = mapped("n") {
      $0.maxLength = 2
      $0.truncate = true
    }
    #expect(
      MappingRun.run("{\"n\":\"äöü\"}\n{\"n\":\"a\\\"b\"}", [("n", cut)]).rows == [#"{"n":"äö"}"#, #"{"n":"a\""}"#])
  }

  @Test func onErrorDecides() {
    let null = mapped {
      $0.cast = .int
      $0.onError = .null
    }
    let fallback = mapped {
      $0.cast = .int
      $0.fallback = 5
      $0.onError = .default
    }
    #expect(MappingRun.run(#"{"a":"x"}"#, [("n", null), ("d", fallback)]).rows == [#"{"n":null,"d":5}"#])
  }

  @Test func aKeyMustBeThere() {
    #expect(
      MappingRun.run("{\"a\":1}\n{\"b\":2}", [("a", mapped())], key: [0]).failures == ["mapping.required_missing a"])
  }

  @Test func theRestPasses() {
    let record = #"{"id":1,"price":"2.50","note":"n","a b":[1]}"#
    #expect(MappingRun.run(record, [], rest: true).rows == [record])
    let price = mapped("price") { $0.cast = .decimal }
    #expect(
      MappingRun.run(record, [("price", price)], rest: true, dropped: ["note"]).rows
        == [#"{"price":2.50,"id":1,"a b":[1]}"#])
  }

  @Test(arguments: [("== 'x'", "1100"), ("!= 'x'", "0011"), ("< 'y'", "110"), (".startsWith('x')", "110")])
  func filtersCompareTexts(_ comparison: String, _ kept: String) {
    let lines = ["\"x\"", "\"\\u0078\"", "\"yy\"", "3"].prefix(kept.count).map { "{\"a\":\($0)}" }
    let result = MappingRun.run(
      lines.joined(separator: "\n"), [("a", mapped())], filters: ["record.a" + comparison])
    #expect(result.filtered == kept.count { $0 == "0" })
    #expect(result.rows.count == kept.count { $0 == "1" })
  }

  /// Each comparison as it is seen, and hidden from sight, so that it is evaluated.
  @Test(arguments: [
    ("> 1.5", ["2", "1.50000001", "1e1"], ["1.5", "-3"]),
    ("<= 10", ["10", "10.0", "9.99999", "10.00000000000000000001"], ["10.001", "11"]),
    ("== 1", ["1", "1.0"], ["2", "\"1\"", "null"]), ("> 10", ["11", "18446744073709551615"], ["10", "-1e99"]),
    ("== true", ["true"], ["false", "1"]), ("== null", ["null"], ["0"]),
  ])
  func filtersCompareNumbers(_ comparison: String, _ kept: [String], _ gone: [String]) {
    let lines = (kept + gone).map { "{\"a\":\($0)}" }.joined(separator: "\n")
    for filter in ["record.a \(comparison)", "(true ? record.a : 0) \(comparison)"] {
      let result = MappingRun.run(lines, [("a", mapped())], filters: [filter])
      #expect(result == .init(rows: kept.map { "{\"a\":\($0)}" }, failures: [], filtered: gone.count))
    }
  }

  @Test func aFilterThatCannotBeDecidedIsAnError() {
    #expect(
      MappingRun.run("{}\n{\"a\":\"x\"}", [("a", mapped())], filters: ["record.a < 5"]).failures
        == ["expression.no_such_key -", "expression.no_such_overload -"])
  }

  @Test func identityAndOperation() {
    let result = MappingRun.run(
      "{}\n{}",
      [
        ("id", FieldMapping(from: .path(Path(.meta, [.member("event_id")])))),
        ("op", FieldMapping(from: .path(Path(.op)))),
        ("c", FieldMapping(from: .constant(["x": [1, "y\n"]]))),
      ])
    #expect(
      result.rows == [
        #"{"id":"in:0","op":"read","c":{"x":[1,"y\n"]}}"#, #"{"id":"in:3","op":"read","c":{"x":[1,"y\n"]}}"#,
      ])
  }

  @Test func equalKeysHaveEqualHashes() {
    let batch = Batch()
    batch.bytes.append("{\"a\":[1,1.0,10e-1,\"x\",\"\\u0078\",2]}")
    JSONRecordDecoder().decode(batch)
    let hashes = batch.children(of: batch.children(of: 0)[0].node).map { child in
      var hash = KeyHash()
      hash.add(batch.nodes[child.node], batch)
      return hash.value
    }
    #expect(hashes[0] == hashes[1] && hashes[1] == hashes[2] && hashes[3] == hashes[4] && hashes[0] != hashes[5])
  }
}
