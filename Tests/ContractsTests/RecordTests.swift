import Records
import Testing

@testable import Contracts

/// What is particular about records as nodes of a batch.
@Suite struct RecordTests {
  @Test func countsTheLastOfSeveralMembersOfOneName() throws {
    let schema =
      #"{"properties": {"a": {"type": "integer"}}, "additionalProperties": false, "maxProperties": 1, "required": ["a"]}"#
    #expect(try isValid(#"{"a": "x", "a": 1}"#, schema))
    #expect(try !isValid(#"{"a": 1, "a": "x"}"#, schema))
    #expect(try isValid(#"{"a": "x", "\u0061": 1}"#, schema))
    #expect(try isValid(#"{"a": "x", "a": {"a": 2}, "a": 3}"#, schema))
    #expect(try isValid(#"{"a": "x", "a": 1}"#, #"{"const": {"a": 1}}"#))
    #expect(try isValid(#"{"a": "x", "a": 1}"#, #"{"unevaluatedProperties": {"type": "integer"}}"#))
  }

  @Test func readsEscapes() throws {
    #expect(try isValid(#""\u00e9\n""#, #"{"const": "é\n", "maxLength": 2, "minLength": 2, "pattern": "^é\\n$"}"#))
    #expect(try isValid(#""\ud83d\ude00""#, #"{"maxLength": 1, "minLength": 1, "enum": ["😀"]}"#))
    #expect(
      try isValid(#"{"\u0061\"": 1}"#, #"{"required": ["a\""], "propertyNames": {"pattern": "^a\"$", "maxLength": 2}}"#)
    )
  }

  @Test func keepsNamesApartThatLookAlike() throws {
    let schema = "{\"properties\": {\"\u{e9}\": {\"type\": \"null\"}, \"e\u{301}\": {\"type\": \"string\"}}}"
    #expect(try isValid("{\"\u{e9}\": null, \"e\u{301}\": \"\"}", schema))
    #expect(try !isValid("{\"\u{e9}\": \"\"}", schema))
  }

  @Test func looksAtNamesWithoutIds() throws {
    let filler = (0..<KeyTable.keysMax).map { #""k\#($0)":0"# }.joined(separator: ",")
    let schema = #"""
      {"properties": {"late": {"type": "integer"}}, "patternProperties": {"^p": {"type": "string"}},
       "additionalProperties": {"const": 0}, "required": ["late"], "maxProperties": \#(KeyTable.keysMax + 3)}
      """#
    #expect(try isValid(#"{\#(filler),"late":1,"pa":""}"#, schema))
    #expect(try isValid(#"{\#(filler),"late":"x","l\u0061te":1}"#, schema))
    #expect(
      try violations(#"{\#(filler),"late":"x","pa":2,"other":3}"#, schema).map(\.instancePath) == [
        "/late", "/pa", "/other",
      ])
    #expect(try violations(#"{\#(filler),"other":0}"#, schema).map(\.keyword) == ["required"])
  }

  @Test func readsIntegersThatStandInTheirNodes() throws {
    let batch = Batch()
    batch.nodes.append(Node(integer: -120))
    batch.nodes.base[0].next = 1
    func holds(_ schema: Value) throws -> Bool { ContractValidator(try Contract(schema)).isValid(batch, node: 0) }
    #expect(try holds(["type": "integer", "minimum": -120, "multipleOf": 60, "const": -120]))
    #expect(try !holds(["minimum": -119]))
    #expect(try !holds(["exclusiveMinimum": .number("-1.2e2")]))
  }

  @Test func readsContainersThatAreOnlyText() throws {
    let batch = try #require(Batch(json: #"{"a": {"b": 1}}"#))
    batch.nodes.base[1].flags.insert(.textOnly)
    batch.nodes.base[1].next = 2
    batch.nodes.base[0].next = 2
    batch.nodes.base[0].flags.insert(.plain)
    let schema: Value = ["properties": ["a": ["required": ["b"], "properties": ["b": ["type": "string"]]]]]
    let validator = ContractValidator(try Contract(schema))
    #expect(!validator.isValid(batch, node: 0))
    #expect(validator.validate(batch, node: 0, collecting: true).map(\.instancePath) == ["/a/b"])
    batch.bytes.base[5] = UInt8(ascii: "!")
    #expect(!validator.isValid(batch, node: 0))
    #expect(validator.validate(batch, node: 0, collecting: true).map(\.keyword) == ["type"])
  }

  @Test func learnsTheNamesOfEachBatch() throws {
    let contract = try Contract([
      "properties": ["a": ["type": "integer"]], "patternProperties": ["^b": ["type": "integer"]],
    ])
    let validator = ContractValidator(contract)
    for (text, expected) in [
      (#"{"a":1,"b":1}"#, true), (#"{"b":1,"a":""}"#, false), (#"{"x":"","bb":""}"#, false), (#"{"x":""}"#, true),
    ] {
      #expect(validator.isValid(try #require(Batch(json: text)), node: 0) == expected)
    }
  }

  @Test func checksEventsAndLeavesThoseWithoutARecord() throws {
    let batch = Batch()
    batch.bytes.append(#"{"id":1}"# + "\n" + #"{"id":"x","n":"y"}"#)
    JSONRecordDecoder().decode(batch)
    let validator = ContractValidator(
      try Contract(["properties": ["id": ["type": "integer"], "n": ["type": "integer"]]]))
    #expect(validator.validate(batch, event: 0, collecting: true).isEmpty)
    #expect(validator.validate(batch, event: 1, collecting: true).map(\.instancePath) == ["/id", "/n"])
    #expect(validator.validate(batch, event: 1, collecting: false).map(\.instancePath) == ["/id"])
    batch.events[1].record = Event.none
    #expect(validator.validate(batch, event: 1, collecting: true).isEmpty)
  }

  @Test func tellsNoMoreThanItsBound() throws {
    let data = "[" + (0..<100).map { _ in "\"\"" }.joined(separator: ",") + "]"
    #expect(try violations(data, #"{"items": {"type": "null"}}"#).count == Violation.violationsMax)
  }
}
