import Testing

@testable import Records

@Suite struct JSONReaderTests {
  @Test(arguments: [
    ("{}", "{}"), (#"{"a":1}"#, #"{"a":1}"#),
    (#" { "a" : [ 1 , 2.50 , -0 , 1e9 ] , "b" : null } "#, #"{"a":[1,2.50,-0,1e9],"b":null}"#),
    (#"{"a":{"b":{"c":"d"}},"e":[[],{}]}"#, #"{"a":{"b":{"c":"d"}},"e":[[],{}]}"#),
    (#""\u00e9\ud83d\ude00\n\/""#, "\"é😀\\n/\""), (#"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#),
    (#"{"\u0061":1}"#, #"{"a":1}"#), (#"{"a\"b":1}"#, #"{"a\"b":1}"#),
    ("12345678901234567890123", "12345678901234567890123"),
    ("true", "true"), ("false", "false"), ("null", "null"),
    (#"{"a_very_long_member_name_indeed":1}"#, #"{"a_very_long_member_name_indeed":1}"#),
  ])
  func reads(_ text: String, _ expected: String) throws {
    #expect(try Value(json: text).json == expected)
  }

  @Test(arguments: [
    ("", JSONProblem.Reason.empty, 0), ("{", .key, 1), (#"{"a"}"#, .colon, 4), (#"{"a":1,}"#, .key, 7),
    ("[1,]", .value, 3),
    ("01", .trailing, 1), ("1.", .number, 2), ("-", .number, 1), ("\"a", .unterminated, 2), ("\"\\x\"", .escape, 1),
    ("\"\u{1}\"", .control, 1), (#""\ud800""#, .surrogate, 1), ("[1 2]", .commaOrBracket, 3),
    ("{\"a\":1 2}", .commaOrBrace, 7),
    ("tru", .value, 0), ("1 1", .trailing, 2), ("[1}", .commaOrBracket, 2), ("\"\\", .unterminated, 1),
  ])
  func refuses(_ text: String, _ reason: JSONProblem.Reason, _ offset: Int) {
    #expect(throws: JSONProblem(reason: reason, offset: offset)) { try Value(json: text) }
  }

  /// Numbers are looked at in blocks of sixteen bytes: every length around their ends, and every place of the point.
  @Test func numbersOfEveryLengthEndWhereTheyEnd() throws {
    for sign in ["", "-"] {
      for length in 1...40 {
        let digits = String(repeating: "7", count: length)
        for exponent in ["", "e5", "E-12"] {
          try expectNumber(sign + digits + exponent)
          for fraction in 1...20 { try expectNumber(sign + digits + "." + digits.prefix(fraction) + exponent) }
        }
        #expect(throws: JSONProblem.self) { try Value(json: "[\(sign)\(digits).]") }
        #expect(throws: JSONProblem.self) { try Value(json: "[\(sign)0\(digits)]") }
        #expect(throws: JSONProblem.self) { try Value(json: "[\(sign)\(digits)e]") }
      }
    }
  }

  private func expectNumber(_ text: String) throws {
    #expect(try Value(json: "[\(text),1]").json == "[\(text),1]")
  }

  @Test func refusesDeepNesting() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONProblem(reason: .tooDeep, offset: JSONReader.nestingMax)) { try Value(json: deep) }
    let deepest =
      String(repeating: "[", count: JSONReader.nestingMax) + String(repeating: "]", count: JSONReader.nestingMax)
    #expect(throws: Never.self) { try Value(json: deepest) }
  }

  @Test func staysInsideItsRange() throws {
    // The neighbours of a range would complete the value: they must not be read.
    var bytes = ByteBuffer()
    bytes.append(#"123{"a":1}"#)
    var reader = JSONReader(keys: KeyTable())
    var nodes = RawArray<Node>()
    let root = try reader.read(bytes, 0..<2, into: &nodes)
    #expect(nodes[root].length == 2)
    #expect(throws: JSONProblem.self) { _ = try reader.read(bytes, 3..<9, into: &nodes) }
    #expect(bytes.text == #"123{"a":1}"#)
  }

  @Test func keepsKeysApartThatShareAPrefix() throws {
    let decoder = JSONRecordDecoder()
    let batch = Batch()
    let lines = [
      #"{"id":1,"id_type":2,"a_key_that_is_longer_than_16":3}"#,
      #"{"id_type":4,"id":5,"a_key_that_is_longer_than_17":6}"#,
    ]
    for line in lines + lines { batch.bytes.append(line + "\n") }
    decoder.decode(batch)
    #expect(batch.events.count == 4)
    #expect((0..<4).map { batch.value(at: Int(batch.events[$0].record)).json } == lines + lines)
  }

  @Test func givesKeysBeyondTheTableTheirText() throws {
    let members = (0..<KeyTable.keysMax + 50).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
    let text = "{\(members)}"
    #expect(try Value(json: text).json == text)
  }
}

@Suite struct JSONRecordDecoderTests {
  @Test func countsEveryRecordAndSaysWhatIsWrong() {
    let batch = Batch()
    batch.bytes.append("{\"a\":1}\n\n  \r\n{\"a\":\n[1]\n{\"b\":2}\r\n{\"c\":\"\\ud800\"}\n{\"d\":3}")
    batch.origin = Origin(name: "in.ndjson", offset: 100, line: 10)
    JSONRecordDecoder().decode(batch)
    #expect(batch.events.count == 6)
    #expect(batch.failures.map(\.code) == ["decode.invalid_json", "decode.not_an_object", "decode.invalid_json"])
    #expect(batch.failures.map(\.event) == [1, 2, 4])
    #expect((0..<6).map { batch.line(of: batch.events[$0]) } == [10, 13, 14, 15, 16, 17])
    #expect(batch.offset(of: batch.events[5]) == 100 + 8 + 1 + 4 + 6 + 4 + 9 + 15)
  }

  @Test func readsElementsOfAnArray() {
    let batch = Batch()
    batch.bytes.append("{\"a\":\n1}\u{1e} {\"b\":[2,\n3]}\n")
    batch.origin = Origin(name: "in.json", line: 1)
    JSONRecordDecoder(separator: JSONRecordDecoder.arraySeparator).decode(batch)
    #expect((0..<2).map { batch.json(at: Int(batch.events[$0].record)) } == ["{\"a\":1}", "{\"b\":[2,3]}"])
    #expect(batch.line(of: batch.events[1]) == 2)
  }
}
