import Records
import Testing

@testable import Expressions

/// Expressions over the nodes of a batch: no value is built that is not needed.
@Suite struct RecordTests {
  private static let json = """
    {"id": 7, "big": 18446744073709551615, "huge": 123456789012345678901234567890, "price": 19.99, "tiny": 1e-7,
     "sku": "a-1", "name": "na\\u00efve \\"x\\"", "plain": "ta©o", "none": null, "yes": true, "no": false,
     "tags": ["a", "b", "c"], "brand": {"name": "ACME", "owner": {"city": "Köln"}}, "twice": 1, "twice": 2,
     "e\u{301}": "decomposed", "\u{e9}": "composed", "neg": -9223372036854775808, "empty": {}, "list": []}

    """

  /// The value over the record, read through the nodes.
  private func value(of text: String, through cells: Bool = false) throws -> CELValue {
    let batch = Batch()
    batch.bytes.append(Self.json.split(separator: "\n").joined() + "\n")
    batch.inputBytes = batch.bytes.count
    JSONRecordDecoder().decode(batch)
    try #require(batch.failures.isEmpty && batch.events.count == 1)
    let environment = Environment(variables: ["op", "key", "record", "before", "meta"].map { .init($0, .dyn) })
    let expression = try Expression(text, in: environment)
    let frame = expression.makeFrame()
    var slots = RawArray<Node>()
    if cells { Self.fill(&slots, expression.paths, batch) }
    if cells { frame.read(slots.base, at: Array(expression.paths.indices)) }
    frame.attach(batch)
    frame.set(2, toNode: batch.events[0].record)
    frame.set(3, toNode: batch.events[0].before)
    return try expression.evaluate(frame)
  }

  /// A cell for each path, as a mapping fills them; absent where there is none.
  private static func fill(_ slots: inout RawArray<Node>, _ paths: [FieldPath], _ batch: Batch) {
    for path in paths {
      var place = path.variable == 2 ? Int(batch.events[0].record) : nil
      for field in path.fields {
        place = place.flatMap { index in batch.children(of: index).last { batch.name(of: $0) == field }?.node }
      }
      var cell = place.map { batch.nodes[$0] } ?? .absent
      cell.next = UInt32(place ?? 0)
      slots.append(cell)
    }
  }

  private static let cases = [
    ("record.id", "7"), ("record.big", "18446744073709551615u"), ("record.price * 2.0", "39.98"),
    ("record.tiny", "1e-7"), ("record.huge > 1e29", "true"), ("record.sku", "'a-1'"),
    ("record.name", #"'naïve "x"'"#), ("size(record.name)", "9"), ("size(record.plain)", "4"),
    ("record.none == null", "true"), ("record.yes && !record.no", "true"), ("record.tags", "['a', 'b', 'c']"),
    ("record.tags[1]", "'b'"), ("record.tags[?9].orValue('z')", "'z'"), ("size(record.tags)", "3"),
    ("'b' in record.tags", "true"), ("'sku' in record", "true"), ("'x' in record", "false"),
    ("record.tags.map(t, t.upperAscii())", "['A', 'B', 'C']"), ("record.tags.exists(i, t, i == 2 && t == 'c')", "true"),
    ("record.brand.name", "'ACME'"), ("record.brand.owner.city", "'Köln'"), ("record['brand']['na' + 'me']", "'ACME'"),
    ("record.brand", "{'name': 'ACME', 'owner': {'city': 'Köln'}}"), ("record.twice", "2"),
    ("record.`sku`", "'a-1'"), ("has(record.sku)", "true"), ("has(record.missing)", "false"),
    ("has(record.brand.missing)", "false"), ("has(record.none)", "true"), ("record.?missing.orValue(1)", "1"),
    ("record.?brand.owner.city.orValue('')", "'Köln'"), ("record['e\\u0301']", "'decomposed'"),
    ("record['\\u00e9']", "'composed'"), ("record.neg", "-9223372036854775808"), ("record.empty == {}", "true"),
    ("record.list == []", "true"), ("record.tags + ['d']", "['a', 'b', 'c', 'd']"),
    ("record.sku + record.plain", "'a-1ta©o'"),
    ("record.brand.merge({'x': 1}).pick(['name', 'x'])", "{'name': 'ACME', 'x': 1}"), ("type(record) == map", "true"),
    ("json.format(record.brand.owner)", #"'{"city":"Köln"}'"#), ("before == null", "true"),
    ("record.brand.all(k, v, k != '')", "true"), ("decimal(string(record.price)) * 3", "decimal('59.97')"),
    ("coalesce(record.none, record.?missing, record.missing, 5)", "5"), ("record.sku.matches('^[a-z]-[0-9]$')", "true"),
    ("record.sku < record.plain && record.sku == 'a-1'", "true"), ("record.tags == ['a', 'b', 'c']", "true"),
  ]

  @Test(arguments: cases, [false, true])
  func aRecordIsReadWhereItStands(_ pair: (String, String), throughCells: Bool) throws {
    let value = try value(of: pair.0, through: throughCells)
    let wanted = try evaluate(pair.1)
    #expect(value.type == wanted.type && Comparison.equal(value, wanted), "\(pair.0) gives \(value.shown)")
  }

  @Test(arguments: [false, true])
  func aFieldThatIsNotThereIsAnError(throughCells: Bool) {
    for text in ["record.missing", "record.brand.missing", "record.sku.missing", "record.none.missing", "before.sku"] {
      #expect(throws: EvaluationError.self) { try value(of: text, through: throughCells) }
    }
  }

  @Test func pathsAreTheFieldsOfVariablesByFixedNames() throws {
    let environment = Environment(variables: [.init("op", .dyn), .init("record", .dyn)])
    let expression = try Expression(
      "record.a.b + record.a.b + record[op].c + record.tags.map(record, record.x)[0] + (has(record.d.e) ? record.f : 1)",
      in: environment)
    #expect(expression.paths.map(\.fields) == [["a", "b"], ["tags"], ["d", "e"], ["f"]])
    #expect(expression.paths.allSatisfy { $0.variable == 1 })
  }

  @Test func namesAreLearntAgainForEachBatch() throws {
    let expression = try Expression("record.b", in: Environment(variables: [.init("record", .dyn)]))
    let frame = expression.makeFrame()
    for (text, wanted) in [(#"{"a":1,"b":2}"#, 2), (#"{"b":3,"a":4}"#, 3), (#"{"x":{"b":9},"b":5}"#, 5)] {
      let batch = Batch()
      batch.bytes.append(text + "\n")
      batch.inputBytes = batch.bytes.count
      JSONRecordDecoder().decode(batch)
      frame.attach(batch)
      frame.set(0, toNode: batch.events[0].record)
      #expect(try expression.evaluate(frame).int() == Int64(wanted))
    }
  }
}
