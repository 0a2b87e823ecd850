import Records
import Testing

@testable import Expressions

/// Expressions of common forms give what their evaluation gives, in every row, and give it without one in usual rows.
@Suite struct ShortcutTests {
  /// What an expression makes of rows: the cells as JSON with their hidden type, texts without their escapes, and the
  /// failures.
  private func outcome(_ expression: EventExpression, _ lines: String, _ source: Source) -> [String] {
    let program = MappingProgram(
      transforms: [], mapping: Mapping(fields: [.init("x", FieldMapping(from: .expression(expression)))]),
      columns: Columns(names: ["x"], key: []), lanes: 1)
    let batch = Self.batch(lines, source)
    MappingExecutor(program).map(batch)
    let cells = batch.rows.rows.indices.map { index in
      let row = batch.rows.rows[index]
      let cell = batch.rows.cells[Int(row.firstCell)]
      var json = ByteBuffer()
      NodeJSON.append(cell: cell, of: batch, to: &json)
      let shown = cell.kind == .string ? batch.text(cell) : json.text
      return "\(row.event) \(cell.kind) \(cell.flags.contains(.typed)) \(shown)"
    }
    return cells + batch.failures.map { "\($0.event) \($0.code) \($0.message)" }
  }

  /// What columns of a database do to texts and numbers: they have types that their kinds do not tell, or are doubles
  /// without a point.
  private enum Source: CaseIterable { case json, typed, doubles }

  private static func batch(_ lines: String, _ source: Source) -> Batch {
    let batch = Batch()
    batch.bytes.append(lines)
    batch.origin = Origin(name: "in", offset: 0, line: 1)
    JSONRecordDecoder().decode(batch)
    for index in batch.nodes.indices {
      switch (source, batch.nodes[index].kind) {
      case (.typed, .number), (.typed, .integer), (.typed, .string): batch.nodes[index].flags.insert(.typed)
      case (.doubles, .integer): batch.nodes[index].kind = .number
      default: break
      }
    }
    return batch
  }

  private func differences(_ text: String, _ lines: String) throws -> [String] {
    let short = try EventExpression(text)
    var long = short
    long.form = nil
    return Source.allCases.flatMap { source in
      zip(outcome(short, lines, source), outcome(long, lines, source)).filter { $0 != $1 }.map {
        "\(source), \(text): \($0.0) instead of \($0.1)"
      }
    }
  }

  /// Values of every kind and spelling that matters.
  private static let values = [
    #""active""#, #""draft""#, "\"\"", #"" Köln\u2003""#, #""\u0041b\"\\c""#, #"" a\tb ""#,
    "\"\u{a0}x\u{85}\"",
    #""12""#, #""-7""#, #""+5""#, #""007""#, #""-0""#, #""12.50""#, #""0.05""#, #""-0.50""#, #""1e3""#, #""1.5E-2""#,
    #"" 12""#,
    #""123456789012345678""#, #""1234567890123456789""#, #""92233720368547758070""#, #""12.""#, #"".5""#,
    "0", "1", "-1", "42", "-0", "123456789012345678", "9223372036854775807", "9223372036854775808",
    "18446744073709551616",
    "1.5", "19.99", "19.90", "2.0", "0.5", "0.05", "0.00001", "-0.0", "-0.5", "1e3", "1E-7", "123456789.123456789",
    "12345678901234567890.5", "100000000000000000000", "0.1234567890123", "true", "false", "null",
    #"["a","b"]"#, "[]", "[null]", #"{"b":"x"}"#, #"{"b":null}"#, "{}", #""2026-11-23T08:15:30Z""#, #""2026-11-23""#,
  ]

  /// Each value in the place of the field, and rows without one.
  private static let rows =
    values.map { #"{"a":\#($0),"s":"active","n":7,"o":{"b":\#($0)},"t":[\#($0)]}"# }.joined(separator: "\n")
    + "\n" + ["{}", #"{"o":{}}"#, #"{"o":5,"t":[]}"#, #"{"o":null,"t":null}"#, "5", "null"].joined(separator: "\n")

  private static let forms = [
    "record.a.trim()", "int(record.a)", "decimal(record.a)", "string(record.a)", "record.a.lowerAscii()",
    "record.a.upperAscii()", "decimal(record.a.trim())", "int(record.o.b)", "record.t[0].trim()",
    "record.a == 'active' ? 'published' : record.a == 'draft' ? 'hidden' : 'retired'",
    "record.a == 'active' ? 1 : record.a == 'draft' ? 2 : record.a == 'active' ? 3 : 4",
    "record.a == 'active' ? false : record.a == '' ? true : false",
    "record.a == 'active' ? 1 : record.o.b == 'draft' ? 2 : 3",
    "record.n > 5 ? record.a : record.o.b", "record.n < 5 ? record.a : record.o.b", "coalesce(record.a, '')",
    "coalesce(record.o.b, record.a, 0)", "coalesce(record.?o.b, record.?a)", "coalesce(record.t[0], 'none')",
    "coalesce(int(record.a), 5)", "coalesce(record.a, 1.0)", "record.?a", "record.?o", "record.o.?b",
    "record.?a.orValue('none')", "record.o.?b.orValue(record.n)", "{'active': 1, 'draft': 2}[record.a]",
    "{'active': 1, 'draft': null}[?record.a].orValue(0)", "{}[?record.a].orValue(record.n)",
    "record.a in ['active', 'draft']", "!(record.a in ['active'])", "record.a == 'active' || record.n == 7",
    "record.a == 'active' && record.n == 8", "record.a > 5 && record.a < 50", "record.a > 1.5 && 19.99 >= record.a",
    "record.a == 0.5 || record.a != 42.0", "!(record.a == 7)", "has(record.a)",
    "has(record.o.b)", "has(record.o.b) ? record.o.b : 'none'", "has(record.a) && record.a != null ? record.a : 'none'",
    "record.a ? 'yes' : 'no'", "record.a || record.o.b", "has(meta.event_id)", "coalesce(meta.time, 'never')",
    "op == 'read' ? record.a : ''", "coalesce(before, record.a)", "coalesce(record.a, false) ? 1 : 2", "'web'", "1.5",
    "string(record.n)", "string(int(record.a))", "decimal(record.n)",
    "record.a != 'x' ? decimal(record.a) : decimal('0')",
    "coalesce(record.a, record.o.b, record.t[0], -1)",
  ]

  @Test(arguments: forms)
  func aFormGivesWhatItsEvaluationGives(text: String) throws {
    #expect(try EventExpression(text).form != nil)
    #expect(try differences(text, Self.rows) == [])
  }

  @Test func generatedFormsGiveWhatTheirEvaluationGives() throws {
    var random = Generator(seed: 20_261_128)
    var count = 0
    for _ in 0..<1_500 {
      let text = FormGenerator.text(4, &random)
      guard let expression = try? EventExpression(text), expression.form != nil else { continue }
      count += 1
      let found = try differences(text, Self.rows)
      #expect(found == [])
      if !found.isEmpty { return }
    }
    #expect(count > 1_000)
  }

  @Test(arguments: [
    ("record.sku.trim()", #""a-1""#), ("decimal(record.price)", "19.90"), ("int(record.stock)", "12"),
    ("record.status == 'active' ? 'published' : 'hidden'", #""hidden""#), ("coalesce(record.none, '')", #""""#),
    ("record.n == 'x' ? 1 : record.n == 'y' ? 2 : 3", "3"),
    ("coalesce(record.missing, record.tags[0])", #""x""#), ("{'draft': 0}[record.status]", "0"),
    ("record.?missing.orValue(1.5)", "1.5"), ("has(record.missing) || record.n in ['a'] || record.n == 7", "true"),
    ("record.sku.trim().upperAscii()", #""A-1""#), ("string(record.n)", #""7""#),
    ("record.weight > 1 ? record.weight : 0.0", "2.5"),
  ])
  func aUsualRowNeedsNoEvaluation(text: String, json: String) throws {
    let line = """
      {"sku":" a-1 ","price":"19.90","stock":"12","status":"draft","none":null,"tags":["x"],"n":7,"weight":2.5}
      """
    let program = MappingProgram(
      transforms: [],
      mapping: Mapping(fields: [.init("x", FieldMapping(from: .expression(try EventExpression(text))))]),
      columns: Columns(names: ["x"], key: []), lanes: 1)
    let batch = Self.batch(line, .json)
    let executor = MappingExecutor(program)
    executor.map(batch)
    var cell = Node.absent
    #expect(text.contains(" in ") != executor.shortcut(0, &cell, batch))
    var written = ByteBuffer()
    NodeJSON.append(cell: batch.rows.cells[0], of: batch, to: &written)
    #expect(written.text == json)
  }
}

/// Expressions of common forms, of every depth.
private enum FormGenerator {
  static func text(_ depth: Int, _ random: inout Generator) -> String {
    let sub = depth - 1
    switch depth <= 0 ? random.below(3) : random.below(11) {
    case 0: return ["'active'", "''", "'x'", "'Köln'"][random.below(4)]
    case 1, 2: return path(&random)
    case 3: return "(\(test(sub, &random)) ? \(text(sub, &random)) : \(text(sub, &random)))"
    case 4: return "coalesce(\(text(sub, &random)), \(text(sub, &random)))"
    case 5: return "\(optional(&random)).orValue(\(text(sub, &random)))"
    case 6: return "\(text(sub, &random)).\(["trim", "lowerAscii", "upperAscii"][random.below(3)])()"
    case 7: return "string(\(number(sub, &random)))"
    case 8: return "{'active': 'on', 'x': 'off'}[\(text(sub, &random))]"
    case 9: return "{'active': 'on', 'x': 'off'}[?\(text(sub, &random))].orValue(\(text(sub, &random)))"
    default: return "coalesce(\(path(&random)), \(optional(&random)), \(text(sub, &random)))"
    }
  }

  private static func number(_ depth: Int, _ random: inout Generator) -> String {
    let sub = depth - 1
    switch depth <= 0 ? random.below(2) : random.below(6) {
    case 0: return "\(random.below(50))"
    case 1: return path(&random)
    case 2: return "int(\(text(sub, &random)))"
    case 3: return "coalesce(\(path(&random)), \(number(sub, &random)))"
    case 4: return "decimal(\(text(sub, &random)))"
    default: return "(\(test(sub, &random)) ? \(number(sub, &random)) : \(number(sub, &random)))"
    }
  }

  private static func test(_ depth: Int, _ random: inout Generator) -> String {
    let sub = depth - 1
    switch depth <= 0 ? random.below(3) : random.below(8) {
    case 0:
      let literal = ["'active'", "7", "1.5", "null", "true", "''"][random.below(6)]
      return "\(path(&random)) \(["==", "!=", "<", ">=", ">", "<="][random.below(6)]) \(literal)"
    case 1: return "has(\(["record.a", "record.o.b", "record.missing", "record.s"][random.below(4)]))"
    case 2: return path(&random)
    case 3: return "!(\(test(sub, &random)))"
    case 4: return "(\(test(sub, &random)) && \(test(sub, &random)))"
    case 5: return "(\(test(sub, &random)) || \(test(sub, &random)))"
    case 6: return "(\(text(sub, &random)) in ['active', 'x', ''])"
    default: return "(\(test(sub, &random)) ? \(test(sub, &random)) : \(test(sub, &random)))"
    }
  }

  private static func path(_ random: inout Generator) -> String {
    ["record.a", "record.s", "record.n", "record.o.b", "record.t[0]", "record.missing", "record.o"][random.below(7)]
  }

  private static func optional(_ random: inout Generator) -> String {
    ["record.?a", "record.o.?b", "record.?missing", "record.?o"][random.below(4)]
  }
}

/// Numbers that are the same for the same seed (xorshift).
private struct Generator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func below(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % limit
  }
}
