import ConnectorKit
import Contracts
import Expressions
import Foundation
import Pipelines
import Records
import Testing

/// Contracts of pipeline files: where their schemas are found, and what is said where they are not.
@Suite final class ContractTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "millrace-contract-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ text: String, to name: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: false, encoding: .utf8)
  }

  private func read(_ contract: String, mappings: String = "all") throws -> PipelineReader.Result {
    try write(
      """
      name: products
      source: {type: file, path: in.ndjson}
      contract: \(contract)
      mappings: \(mappings)
      target: {type: file, path: out.ndjson}
      """, to: "p.yaml")
    return PipelineReader.read(paths: [folder.appendingPathComponent("p.yaml").path], catalog: catalog)
  }

  @Test func `expressions are held against what a contract declares`() throws {
    try write(
      """
      {"type": "object", "additionalProperties": false, "required": ["id"], "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"}, "note": {"type": ["string", "null"]},
        "price": {"type": "number"}, "tags": {"type": "array", "items": {"type": "string"}},
        "brand": {"type": "object", "additionalProperties": true, "properties": {"title": {"type": "string"}}}}}
      """, to: "closed.json")
    try write(
      """
      name: products
      source: {type: file, path: in.ndjson}
      contract: closed.json
      transforms:
        - filter: record.nmae != 'x' && record.id > 0
        - assert: record.tags[0] == 5
      mappings:
        id: record.idd
        label: record.name + record.id
        brand: record.brand.titel
        copy: {from: record.brand.titl, trim: true}
        ok: record.price * 2.0
        note: coalesce(record.note, 'none') + record.brand.other
        half: record.id * 1.5
      target: {type: file, path: out.ndjson}
      """, to: "p.yaml")
    let result = PipelineReader.read(paths: [folder.appendingPathComponent("p.yaml").path], catalog: catalog)
    #expect(
      said(result) == [
        "p.yaml:5:20 expression.unknown_field: the contract has no field `nmae`",
        "p.yaml:6:28 expression.no_matching_overload: string == int is not defined",
        "p.yaml:8:14 expression.unknown_field: the contract has no field `idd`",
        "p.yaml:9:22 expression.no_matching_overload: string + int is not defined",
        "p.yaml:10:10 expression.undeclared_field: the contract declares no field `titel`",
        "p.yaml:11:16 expression.undeclared_field: the contract declares no field `titl`",
        "p.yaml:14:19 expression.no_matching_overload: int * double is not defined",
      ])
    #expect(result.diagnostics.sorted.first?.hint == "did you mean `name`?")
  }

  @Test func `what a transform changed is not known`() throws {
    try write(
      #"{"additionalProperties": false, "properties": {"id": {"type": "integer"}}, "type": "object"}"#, to: "a.json")
    try write(
      """
      name: products
      source: {type: file, path: in.ndjson}
      contract: a.json
      transforms:
        - set: {record.name: "string(record.idd)"}
        - filter: record.name != ''
      mappings: {name: record.name}
      target: {type: file, path: out.ndjson}
      """, to: "p.yaml")
    let result = PipelineReader.read(paths: [folder.appendingPathComponent("p.yaml").path], catalog: catalog)
    #expect(said(result) == ["p.yaml:5:39 expression.unknown_field: the contract has no field `idd`"])
  }

  @Test func `values that a contract does not allow`() throws {
    try write(
      #"""
      {"type": "object", "properties": {"state": {"enum": ["draft", "live", null]}, "kind": {"$ref": "#/$defs/kind"},
        "size": {"allOf": [{"enum": ["s", "m", "l"]}, {"enum": ["m", "l", "xl"]}]}},
       "$defs": {"kind": {"const": "shop"}}}
      """#, to: "a.json")
    try write(
      """
      name: products
      source: {type: file, path: in.ndjson}
      contract: a.json
      transforms:
        - filter: record.state == 'lvie' || record.state == 'live'
        - filter: record.state == 'lvie'
        - filter: record.kind == 'shop' && record.state != 'draft'
        - filter: record.size in ['s', 'xs']
        - filter: record.size in ['m', 'l']
        - filter: record.state == null
      mappings: {state: {from: record.state, values: {draft: 0, alive: 1, live: 2}, otherwise: 3}}
      target: {type: file, path: out.ndjson}
      """, to: "p.yaml")
    let result = PipelineReader.read(paths: [folder.appendingPathComponent("p.yaml").path], catalog: catalog)
    #expect(
      said(result) == [
        "p.yaml:5:13 expression.never_true: `record.state == 'lvie'` never holds: record.state is none of that",
        "p.yaml:6:13 expression.never_true: `record.state == 'lvie'` never holds: record.state is none of that",
        "p.yaml:7:13 expression.always_true: `record.kind == 'shop'` always holds",
        "p.yaml:8:13 expression.never_true: `record.size in ['s', 'xs']` never holds: record.size is none of that",
        "p.yaml:9:13 expression.always_true: `record.size in ['m', 'l']` always holds",
        "p.yaml:9:13 expression.never_true: no event is left for `record.size in ['m', 'l']`: an earlier filter wants "
          + "`record.size in ['s', 'xs']`",
        "p.yaml:10:13 expression.never_true: no event is left for `record.state == null`: an earlier filter wants "
          + "`record.state == 'lvie'`",
        "p.yaml:11:59 config.unreachable_value: `alive` is never matched: the contract allows no such value",
      ])
  }

  /// Each with its place, without the folder.
  private func said(_ result: PipelineReader.Result) -> [String] {
    result.diagnostics.sorted.map {
      "\($0.place) \($0.code): \($0.message)".replacingOccurrences(of: folder.path + "/", with: "")
    }
  }

  @Test func `a schema and what it refers to, by file and by id`() throws {
    try write(#"{"$ref": "parts/price.json", "properties": {"u": {"$ref": "https://example.com/unit"}}}"#, to: "a.json")
    try write(#"{"properties": {"price": {"$ref": "../common.json#/$defs/amount"}}}"#, to: "parts/price.json")
    try write(#"{"$defs": {"amount": {"type": "number"}}}"#, to: "common.json")
    try write(#"{"$id": "https://example.com/unit", "enum": ["kg", "g"]}"#, to: "unit.json")
    let result = try read("a.json")
    #expect(said(result) == [])
    let plan = try #require(result.plans.first?.contract)
    #expect(plan.versions.count == 1 && plan.version == nil && plan.unknownFields == .keep && !plan.stopsOnViolation)
    #expect(plan.versions[0].contract.declarations.root.fields?.map(\.name) == ["u", "price"])
  }

  @Test func `a registry of its own`() throws {
    try write(#"{"$ref": "https://example.com/unit"}"#, to: "a.json")
    try write(#"{"$id": "https://example.com/unit", "type": "object"}"#, to: "registry/unit.json")
    #expect(
      said(try read("a.json")) == [
        "a.json:1:11 contract.reference_unresolved: https://example.com/unit leads to https://example.com/unit, which is"
          + " no document of the registry; the network is never asked"
      ])
    #expect(said(try read("{schema: a.json, registry: registry}")) == [])
  }

  @Test func `what is wrong has its place in the schema`() throws {
    #expect(
      said(try read("no.json")).map { $0.hasPrefix("p.yaml:3:11 contract.file_unreadable: there is no file") } == [true]
    )
    try write("{\"type\": \"object\",\n  oops}", to: "a.json")
    #expect(said(try read("{schema: a.json}")).map { $0.hasPrefix("a.json:2:3 contract.file_not_json: ") } == [true])
    try write("{\n  \"properties\": {\n    \"price\": {\"minimum\": \"0\"}\n  },\n  \"requried\": []\n}", to: "a.json")
    #expect(said(try read("a.json")).map { $0.prefix(38) } == ["a.json:3:27 contract.keyword_invalid: "])
    try write("{\n  \"requried\": []\n}", to: "a.json")
    let doubtful = try read("a.json")
    #expect(said(doubtful).map { $0.prefix(40) } == ["a.json:2:15 contract.keyword_unknown: `r"])
    #expect(doubtful.diagnostics.items.first?.hint == "did you mean `required`?")
    #expect(!doubtful.diagnostics.hasErrors)
  }

  @Test func `a format without a check is reported where it is to be asserted`() throws {
    try write(#"{"properties": {"a": {"format": "color"}}}"#, to: "a.json")
    #expect(said(try read("{schema: a.json}")) == [])
    #expect(
      said(try read("{schema: a.json, formats: assert}")).map { $0.prefix(37) } == [
        "a.json:1:34 contract.format_unknown: "
      ])
  }

  @Test func `versions`() throws {
    try write(#"{"type": "object"}"#, to: "a.json")
    let result = try read(#"{version: meta.schema_version, versions: {1: a.json, "2": {schema: a.json}}}"#)
    #expect(said(result) == [])
    let plan = try #require(result.plans.first?.contract)
    #expect(plan.versions.map(\.name) == ["1", "2"] && plan.version?.description == "meta.schema_version")
    #expect(plan.version(named: "2") == 1 && plan.version(named: "3") == nil)
    #expect(said(try read("{versions: {1: a.json}}")).map { $0.contains("nothing says which version") } == [true])
    #expect(
      said(try read("{schema: a.json, unknown_versions: drop}")).map { $0.contains("needs `versions`") } == [true])
  }

  @Test func `only what changes rows changes the fingerprint`() throws {
    try write(#"{"type": "object"}"#, to: "a.json")
    try write(#"{"type": "object", "required": ["id"]}"#, to: "b.json")
    let fingerprints = try [
      "{schema: a.json}", "{schema: b.json, on_violation: stop}", "{schema: a.json, unknown_fields: drop}",
    ]
    .map { try #require(try read($0).plans.first).fingerprint }
    #expect(fingerprints[0] == fingerprints[1] && fingerprints[0] != fingerprints[2])
  }

  @Test func `a field that the contract does not declare is an error`() throws {
    try write(
      #"{"properties": {"price": {"type": "integer"}, "size": {"type": "object", "properties": {"kib": {}}}, "free": true}}"#,
      to: "a.json")
    #expect(said(try read("a.json", mappings: "{a: record.price, b: record.size.kib, c: record.free.x}")) == [])
    let wrong = try read("a.json", mappings: "{a: record.prise + 1, b: record.size.kb, c: record.price + 'x'}")
    #expect(
      wrong.diagnostics.sorted.map(\.code)
        == ["expression.unknown_field", "expression.unknown_field", "expression.no_matching_overload"])
    #expect(wrong.diagnostics.sorted.map(\.hint).prefix(2) == ["did you mean `price`?", "did you mean `kib`?"])
    try write(#"{"properties": {"price": {}}, "additionalProperties": true}"#, to: "a.json")
    let open = try read("a.json", mappings: "{a: record.prise}")
    #expect(open.diagnostics.items.map(\.code) == ["expression.undeclared_field"] && !open.diagnostics.hasErrors)
  }

  @Test func `versions with mappings of their own make rows of the same columns`() throws {
    try write(#"{"properties": {"title": {}, "id": {}}}"#, to: "1.json")
    try write(#"{"properties": {"name": {}, "id": {}, "price": {}}}"#, to: "2.json")
    let versions =
      "{version: record.v, versions: {1: {schema: 1.json, mappings: {name: record.title, old: record.id}}, 2: 2.json}}"
    let result = try read(versions, mappings: "{name: record.name, price: record.price}")
    #expect(said(result) == [])
    let plan = try #require(result.plans.first)
    #expect(plan.columns.names == ["name", "price", "old"])
    #expect(plan.contract?.way(of: 0, in: plan.streams[0]).mapping.fields.map(\.name) == ["name", "price", "old"])
    #expect(plan.contract?.way(of: 1, in: plan.streams[0]).mapping == plan.mapping)
    let other = try read(versions.replacingOccurrences(of: "old", with: "new"), mappings: "{name: record.name}")
    #expect(other.plans.first?.fingerprint != plan.fingerprint)
  }

  @Test func `a version's expressions are checked against its own schema`() throws {
    try write(#"{"properties": {"title": {}}}"#, to: "1.json")
    try write(#"{"properties": {"name": {}}}"#, to: "2.json")
    let wrong = try read(
      "{version: record.v, versions: {1: {schema: 1.json, mappings: {name: record.name}}, 2: 2.json}}",
      mappings: "{name: record.title}")
    #expect(
      wrong.diagnostics.sorted.map { "\($0.path) \($0.code)" } == [
        "contract.versions.1.mappings.name expression.unknown_field", "mappings.name expression.unknown_field",
      ])
    let rest = try read(
      "{version: record.v, versions: {1: {schema: 1.json, mappings: all}, 2: 2.json}}", mappings: "{name: record.name}")
    #expect(rest.diagnostics.items.map(\.code) == ["config.conflict"])
  }
}
