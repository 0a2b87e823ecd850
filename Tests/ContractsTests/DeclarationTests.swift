import Records
import Testing

@testable import Contracts

/// What fields and types a contract declares, and which fields of a record it does not.
@Suite struct DeclarationTests {
  private func declarations(_ schema: String, _ documents: [String: Value] = [:]) throws -> Declarations {
    try Contract(Value(json: schema), documents: documents).declarations
  }

  /// `name: types`, with the fields and elements of what stands inside.
  private func outline(_ schema: String, _ documents: [String: Value] = [:]) throws -> String {
    let declarations = try declarations(schema, documents)
    return outline(0, declarations, depth: 0)
  }

  private func outline(_ id: Int, _ declarations: Declarations, depth: Int) -> String {
    let shape = declarations.shapes[id]
    let kinds = shape.kinds.count >= 6 ? "any" : shape.kinds.map { "\($0)" }.sorted().joined(separator: "|")
    guard depth < 4 else { return kinds }
    var text = kinds
    if let element = shape.element { text += "[\(outline(element, declarations, depth: depth + 1))]" }
    guard let fields = shape.fields else { return text }
    let shown = fields.map { "\($0.name): \(outline($0.shape, declarations, depth: depth + 1))" }
    return text + " {\((shown + (shape.isOpen ? ["…"] : [])).joined(separator: ", "))}"
  }

  @Test(arguments: [
    ("{}", "any"), (#"{"type": "object"}"#, "object"), (#"{"type": ["integer", "null"]}"#, "integer|null"),
    (#"{"type": "number"}"#, "number"), (#"{"enum": ["a", null]}"#, "null|string"), (#"{"const": 5}"#, "integer"),
    (#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}"#, "object {a: string, b: any}"),
    (#"{"properties": {"a": {"type": "string"}}, "additionalProperties": true}"#, "any {a: string, …}"),
    (#"{"properties": {"a": {"type": "string"}}, "additionalProperties": false}"#, "any {a: string}"),
    (#"{"type": "array", "items": {"type": "integer"}}"#, "array[integer]"),
    (#"{"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}"#, "array[integer|string]"),
    (
      ##"{"$ref": "#/$defs/p", "properties": {"b": {"type": "null"}}, "$defs": {"p": {"properties": {"a": {"type": "null"}}}}}"##,
      "any {b: null, a: null}"
    ),
    (
      #"{"allOf": [{"properties": {"a": {"type": ["string", "null"]}}}, {"properties": {"a": {"type": ["string", "integer"]}}}]}"#,
      "any {a: string}"
    ),
    (
      #"{"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "null"}, "b": {"type": "null"}}}]}"#,
      "any {a: null|string, b: null}"
    ),
    (
      #"{"if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"a": {"type": "null"}}}}"#,
      "any {k: integer, a: null}"
    ),
  ])
  func `fields and types`(schema: String, shown: String) throws {
    #expect(try outline(schema) == shown)
  }

  @Test func `a schema that holds itself`() throws {
    let tree = ##"{"type": "object", "properties": {"next": {"$ref": "#"}, "name": {"type": "string"}}}"##
    let declarations = try declarations(tree)
    #expect(declarations.shapes.count == 2 || declarations.shapes.count == 3)
    #expect(try outline(tree).hasPrefix("object {next: object {next: object"))
  }

  private func unknown(_ record: String, _ schema: String) throws -> [String] {
    let batch = try #require(Batch(json: record))
    let fields = UnknownFields(try declarations(schema))
    return fields.find(in: batch, node: 0).map { batch.pointer(to: $0.node, from: 0) }
  }

  @Test(arguments: [
    (#"{"a": 1, "b": 2}"#, #"{"properties": {"a": {}}}"#, ["/b"]),
    (#"{"a": 1, "b": 2}"#, #"{"properties": {"a": {}}, "additionalProperties": {}}"#, []),
    (#"{"a": 1, "xb": 2, "c": 3}"#, #"{"properties": {"a": {}}, "patternProperties": {"^x": {}}}"#, ["/c"]),
    (#"{"a": {"b": 1, "c/d": 2}}"#, #"{"properties": {"a": {"properties": {"b": {}}}}}"#, ["/a/c~1d"]),
    (#"{"a": [{"b": 1}, {"c": 2}]}"#, #"{"properties": {"a": {"items": {"properties": {"b": {}}}}}}"#, ["/a/1/c"]),
    (#"{"a": {"z": 1}, "y": 1}"#, #"{"properties": {"a": {}}}"#, ["/y"]),
    (
      #"{"a": {"z": 1}, "y": 1}"#,
      #"{"properties": {"a": {"properties": {"b": {}}}}, "additionalProperties": true}"#, ["/a/z"]
    ),
    (#"{"a": 1}"#, "{}", []), (#"{"a": 1}"#, #"{"type": "object"}"#, []),
  ])
  func `unknown fields`(record: String, schema: String, expected: [String]) throws {
    #expect(try unknown(record, schema) == expected)
  }

  @Test func `names without ids are looked up too`() throws {
    let filler = (0..<KeyTable.keysMax).map { #""k\#($0)":0"# }.joined(separator: ",")
    let schema = #"{"properties": {"late": {}}, "patternProperties": {"^k": {}}}"#
    #expect(try unknown("{\(filler),\"late\":1,\"later\":1}", schema) == ["/later"])
  }

  @Test func `a copy without them is written without them`() throws {
    let batch = try #require(Batch(json: #"{"a":1,"b":{"c":[1,{"x":1,"y":2}],"d":null},"e":"\u00e9"}"#))
    let removed = ["/a", "/b/c/1/x"].compactMap { batch.node(at: $0, from: 0) }
    let copy = batch.copy(0, without: removed)
    #expect(batch.json(at: copy) == #"{"b":{"c":[1,{"y":2}],"d":null},"e":"\u00e9"}"#)
    #expect(Int(batch.nodes[copy].next) == batch.nodes.count)
  }
}
