import Testing

@testable import Contracts

/// What is said of a value that breaks its contract.
@Suite struct ViolationTests {
  @Test(arguments: [
    (#"{"type": "integer"}"#, #""x""#, "", "#/type", #""x" is a string, and must be an integer"#),
    (#"{"type": ["null", "number"]}"#, "[]", "", "#/type", "[] is an array, and must be null or a number"),
    (
      #"{"properties": {"a/b": {"minimum": 1.5}}}"#, #"{"a/b": 1}"#, "/a~1b", "#/properties/a~1b/minimum",
      "1 must be at least 1.5"
    ),
    (
      #"{"items": {"maxLength": 1}}"#, #"["", "éé"]"#, "/1", "#/items/maxLength",
      "the text has 2 characters, and must have at most 1"
    ),
    (#"{"enum": [1, "a"]}"#, "2", "", "#/enum", #"2 must be one of 1, "a""#),
    (#"{"const": null}"#, "2", "", "#/const", "2 must be null"),
    (#"{"required": ["id"]}"#, "{}", "", "#/required", "the field id is missing"),
    (
      #"{"additionalProperties": false}"#, #"{"x": 1}"#, "/x", "#/additionalProperties",
      "the field x is not declared: additionalProperties is false"
    ),
    (
      #"{"properties": {"x": false}}"#, #"{"x": 1}"#, "/x", "#/properties",
      "the field x is not allowed: properties is false"
    ),
    (#"{"pattern": "^a$"}"#, #""b""#, "", "#/pattern", #""b" does not match ^a$"#),
    (#"{"multipleOf": 0.01}"#, "1.005", "", "#/multipleOf", "1.005 is no multiple of 0.01"),
    (#"{"uniqueItems": true}"#, "[1, 2, 1.0]", "", "#/uniqueItems", "the elements 0 and 2 are equal"),
    (
      #"{"contains": {"type": "null"}}"#, "[1]", "", "#/contains",
      "0 elements fit the schema of contains; at least 1 must"
    ),
    (
      #"{"minProperties": 2}"#, #"{"a": 1}"#, "", "#/minProperties",
      "the object has 1 members, and must have at least 2"
    ),
    (
      #"{"dependentRequired": {"a": ["b"]}}"#, #"{"a": 1}"#, "", "#/dependentRequired",
      "with a there must be b, which is missing"
    ),
    (
      #"{"propertyNames": {"maxLength": 1}}"#, #"{"ab": 1}"#, "", "#/propertyNames",
      "the name ab is not allowed: the text has 2 characters, and must have at most 1"
    ),
    (#"{"not": {}}"#, "1", "", "#/not", "the value is of a kind that is ruled out"),
    (#"{"oneOf": [true, {}]}"#, "1", "", "#/oneOf", "the value fits alternatives 1 and 2; it must fit exactly one"),
    (
      #"{"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "null"}}}]}"#, #"{"a": 1}"#, "", "#/anyOf",
      "the value fits none of 2 alternatives; the nearest fails: /a: 1 is a number, and must be null"
    ),
    ("false", "1", "", "#/false", "no value is allowed here"),
  ])
  func says(_ schema: String, _ data: String, _ instance: String, _ place: String, _ message: String) throws {
    let found = try violations(data, schema)
    let keyword = String(place.split(separator: "/").last ?? "")
    #expect(found == [Violation(instancePath: instance, schemaPath: place, keyword: keyword, message: message)])
  }

  @Test func tellsEachFieldThatIsWrong() throws {
    let schema =
      #"{"required": ["a", "b", "c"], "properties": {"a": {"type": "null"}, "d": {"maximum": 1, "multipleOf": 2}}}"#
    let found = try violations(#"{"a": 1, "d": 3}"#, schema)
    #expect(found.map(\.keyword).sorted() == ["maximum", "multipleOf", "required", "required", "type"])
  }

  @Test func cutsLongValues() throws {
    let found = try violations("\"" + String(repeating: "x", count: 200) + "\"", #"{"type": "null"}"#)
    #expect(found.first?.message.hasPrefix("\"" + String(repeating: "x", count: 59) + "… is a string") == true)
  }
}
