import Records
import Testing

@testable import Contracts

/// Where references lead, and what is said of those that lead nowhere.
@Suite struct ReferenceTests {
  /// The examples of RFC 3986, section 5.4.
  @Test(arguments: [
    ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
    ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
    (";x", "http://a/b/c/;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("..", "http://a/b/"),
    ("../g", "http://a/b/g"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("/./g", "http://a/g"),
    ("g/../h", "http://a/b/c/h"), ("g..", "http://a/b/c/g.."),
  ])
  func resolves(_ reference: String, _ expected: String) {
    let base = URIReference("http://a/b/c/d;p?q")
    #expect(URIReference(reference).resolved(against: base).document == expected)
  }

  @Test func followsFilesOfTheRegistry() throws {
    let documents: [String: Value] = [
      "file:///schemas/money.json": ["$defs": ["cents": ["type": "integer"]]],
      "file:///schemas/order.json": ["properties": ["total": ["$ref": "money.json#/$defs/cents"]]],
    ]
    let schema = try Value(json: #"{"$ref": "../schemas/order.json"}"#)
    let contract = try Contract(schema, url: "file:///pipelines/a.json", documents: documents)
    let batch = try #require(Batch(json: #"{"total": 1.5}"#))
    let violation = try #require(ContractValidator(contract).validate(batch, node: 0, collecting: true).first)
    #expect(violation.schemaPath == "file:///schemas/money.json#/$defs/cents/type")
    #expect(violation.instancePath == "/total")
  }

  @Test func namesTheDocumentThatIsMissing() throws {
    let found = try problems(#"{"$id": "http://a/b", "items": {"$ref": "c.json#/x"}, "not": {"$ref": "d.json"}}"#)
    #expect(found.map(\.missingDocument) == ["http://a/c.json", "http://a/d.json"])
    #expect(found.map(\.place) == ["http://a/b#/items/$ref", "http://a/b#/not/$ref"])
  }

  @Test(arguments: [
    (##"{"$ref": "#/$defs/none"}"##, ContractProblem.Code.unresolved, "#/$ref"),
    (##"{"$ref": "#none"}"##, .unresolved, "#/$ref"),
    (##"{"allOf": [{"$dynamicRef": "#none"}]}"##, .unresolved, "#/allOf/0/$dynamicRef"),
    (##"{"$ref": "#"}"##, .loop, "#"),
    (##"{"anyOf": [true, {"not": {"$ref": "#"}}]}"##, .loop, "#"),
    (#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, .dialect, "#/$schema"),
    (#"{"$defs": {"a": {"$id": "x:a"}, "b": {"$id": "x:a", "type": "null"}}}"#, .duplicateID, "#/$defs/b"),
    (#"{"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}"#, .duplicateID, "#/$defs/b/$anchor"),
    (#"{"$id": "x:a#b"}"#, .keywordInvalid, "#/$id"),
    (#"{"type": "text"}"#, .keywordInvalid, "#/type"),
    (#"{"minLength": -1}"#, .keywordInvalid, "#/minLength"),
    (#"{"minLength": 1.5}"#, .keywordInvalid, "#/minLength"),
    (#"{"multipleOf": 0}"#, .keywordInvalid, "#/multipleOf"),
    (#"{"maximum": "1"}"#, .keywordInvalid, "#/maximum"),
    (#"{"required": ["a", 1]}"#, .keywordInvalid, "#/required"),
    (#"{"properties": {"a/b": {"pattern": "("}}}"#, .patternInvalid, "#/properties/a~1b/pattern"),
    (#"{"patternProperties": {"(?=a)": {}}}"#, .patternUnsupported, "#/patternProperties/(?=a)"),
    (#"{"items": [{}]}"#, .keywordInvalid, "#/items"),
    (#"{"allOf": {}}"#, .keywordInvalid, "#/allOf"),
  ])
  func refuses(_ schema: String, _ code: ContractProblem.Code, _ place: String) throws {
    let problem = try #require(problems(schema).first)
    #expect(problem.code == code)
    #expect(problem.place == place)
  }

  @Test func refusesAVocabularyThatIsRequiredAndUnknown() throws {
    let documents: [String: Value] = ["x:meta": ["$vocabulary": ["x:units": true]]]
    let found = try problems(#"{"$schema": "x:meta"}"#, documents: documents)
    #expect(found.map(\.code) == [.vocabulary])
  }

  @Test func tellsKeywordsThatItDoesNotKnow() throws {
    let contract = try Contract(Value(json: #"{"items": {"requried": ["a"], "x-owner": "me", "title": "t"}}"#))
    #expect(contract.unknownKeywords == [Contract.UnknownKeyword(place: "#/items", keyword: "requried")])
  }

  @Test func endsCirclesThatOnlyTheDataCloses() throws {
    let schema = ##"""
      {"$id": "x:a", "$dynamicAnchor": "n", "$ref": "x:b",
       "$defs": {"b": {"$id": "x:b", "$dynamicRef": "#n", "$defs": {"n": {"$dynamicAnchor": "n"}}}}}
      """##
    let found = try violations("1", schema)
    #expect(found.map(\.keyword) == ["$ref"])
  }

  @Test func endsAlternativesThatMultiply() throws {
    let schema = ##"{"type": "array", "anyOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}"##
    let data = String(repeating: "[", count: 60) + "1" + String(repeating: "]", count: 60)
    #expect(try !isValid(data, schema))
  }

  @Test func followsDeepRecords() throws {
    let schema = ##"{"items": {"$ref": "#"}, "unevaluatedItems": false}"##
    let depth = JSONReader.nestingMax / 2
    #expect(try isValid(String(repeating: "[", count: depth) + String(repeating: "]", count: depth), schema))
  }

  @Test func readsItsOwnMetaschema() throws {
    let schema = #"{"$ref": "https://json-schema.org/draft/2020-12/schema"}"#
    #expect(try isValid(#"{"properties": {"a": {"minLength": 1}}}"#, schema))
    #expect(
      try violations(#"{"properties": {"a": {"minLength": -1}}}"#, schema).map(\.instancePath) == [
        "/properties/a/minLength"
      ])
  }
}
