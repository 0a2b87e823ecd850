import ConnectorKit
import Expressions
import Pipelines
import Records
import Testing

@Suite struct PlanTests {
  private func plan(_ yaml: String, file: String = "p.yaml") throws -> Plan {
    let result = read(yaml, file: file)
    #expect(result.diagnostics.items == [])
    return try #require(result.plans.first)
  }

  static let full = """
    # yaml-language-server: $schema=../schemas/pipeline.schema.json
    millrace: 1
    name: products-to-shop
    description: Keeps the shop's products in step.
    source: {type: file, path: in/*.csv, format: csv, csv: {delimiter: ";", columns: [a, b]}}
    transforms:
      - filter: record.kind == "physical"
      - filter: >-
          record.price > 0
    mappings:
      id: record.id
      name: {from: 'record["full name"]', trim: true, max_length: 200, truncate: true}
      status: {from: record.status, values: {0: hidden, 1: active, true: on_sale}, otherwise: hidden}
      weight_g: {from: record.weight_kg, unit: kg -> g, default: 0}
      updated_at: {from: record.updated_at, as: timestamp, required: true, on_error: null}
      shop: {const: {name: main, open: true}}
    target:
      type: table
      url: ${SHOP_URL}
      table: ${SCHEMA:-shop}.products
      key: [id]
      lanes: 4
      batch: {records: 100, bytes: 1MiB, wait: 50ms}
    retry:
      delays: [1s, 5s]
      circuit_breaker: {failures: 3, within: 1m, open_for: 10s}
      dead_letter: {type: file, path: dead/products.ndjson}
      give_up_after: 1h
    checkpoint: {path: /var/lib/p.json, every: 5s}
    limits: {in_flight: 32MiB, rate: 120/m}
    tests:
      - name: a draft is hidden
        given: [{op: create, record: {id: 1, status: draft}}]
        expect: [{op: upsert, key: {id: 1}, fields: {status: hidden}}]
    """

  @Test func everythingThatAFileCanSay() throws {
    let plan = try plan(Self.full, file: "dir/p.yaml")
    #expect(plan.name == "products-to-shop" && plan.description == "Keeps the shop's products in step.")
    #expect(plan.file == "dir/p.yaml" && plan.folder == "dir")
    #expect(plan.sourceType == "file" && plan.targetType == "table")
    #expect(plan.transforms.last?.action == .filter(try EventExpression("record.price > 0")))
    #expect(plan.mapping.fields.map(\.name) == ["id", "name", "status", "weight_g", "updated_at", "shop"])
    #expect(plan.columns.names == plan.mapping.fields.map(\.name) && plan.columns.key == [0])
    #expect(plan.columns.casts == [nil, nil, nil, nil, "timestamp", nil])
    #expect(plan.lanes == 4 && plan.batch.records == 100 && plan.batch.bytes == 1 << 20)
    #expect(plan.batch.wait == .milliseconds(50))
    #expect(plan.retry.delays == .list([.seconds(1), .seconds(5)]) && plan.retry.giveUpAfter == .seconds(3_600))
    #expect(plan.retry.breaker.failures == 3 && plan.retry.breaker.within == .seconds(60))
    #expect(plan.deadLetters.path == "dir/dead/products.ndjson")
    #expect(plan.checkpoint.path == "/var/lib/p.json" && plan.checkpoint.every == .seconds(5))
    #expect(plan.limits.inFlightBytes == 32 << 20 && plan.limits.rate == 2)
    #expect(plan.tests.map(\.name) == ["a draft is hidden"])
    #expect(plan.tests.first?.expect?.first?.fields == ["status": "hidden"])
  }

  @Test func mappingObjects() throws {
    let fields = try plan(Self.full).mapping.fields.map(\.mapping)
    var name = FieldMapping(from: .path(Path(.record, [.member("full name")])))
    (name.trim, name.maxLength, name.truncate) = (true, 200, true)
    #expect(fields[1] == name)
    #expect(fields[2].values == [.init(0, "hidden"), .init(1, "active"), .init(true, "on_sale")])
    #expect(fields[2].otherwise == "hidden")
    #expect(fields[3].unit?.numerator == 1_000 && fields[3].fallback == 0)
    #expect(fields[4].cast == .timestamp && fields[4].required && fields[4].onError == .null)
    #expect(fields[5].from == .constant(["name": "main", "open": true]))
  }

  @Test func theLeastThatAFileMustSay() throws {
    let plan = try plan(pipeline())
    #expect(plan.folder == ".")
    #expect(plan.checkpoint == CheckpointPolicy(path: ".millrace/products.checkpoint.json"))
    #expect(plan.deadLetters.path == ".millrace/products.dead-letters.ndjson")
    #expect(plan.retry == RetryPolicy() && plan.limits == Limits() && plan.batch == BatchPolicy() && plan.lanes == 1)
    #expect(plan.transforms == [] && plan.tests.isEmpty)
  }

  @Test func stateGoesWhereTheCallerSays() throws {
    let result = PipelineReader.read(
      file: "p.yaml", bytes: Array(pipeline().utf8), catalog: catalog, environment: .init(stateFolder: "/state"))
    #expect(result.plans.first?.checkpoint.path == "/state/products.checkpoint.json")
  }

  @Test(arguments: [
    ("all", ["id"], ["id"], []),
    ("{\"*\": all, sku: record.code, note: drop}", ["sku", "id"], ["sku", "id", "note"], ["note"]),
  ])
  func mappingsThatPassTheRest(mappings: String, names: [String], excluded: [String], dropped: [String]) throws {
    let yaml = """
      name: x
      source: {type: file, path: i}
      mappings: \(mappings)
      target: {type: table, url: "${U}", table: t, key: [id]}
      """
    let plan = try plan(yaml)
    #expect(plan.mapping.passesRest && plan.mapping.dropped == dropped)
    #expect(plan.columns.names == names && plan.columns.key == [names.count - 1])
    #expect(plan.columns.rest == Columns.Rest(excluded: excluded))
  }

  @Test func referencesAreResolvedWhenTheRunStarts() throws {
    let plan = try plan(Self.full)
    #expect((plan.target as? TableTarget)?.table == "${SCHEMA:-shop}.products")
    let resolved = try plan.resolved(with: SecretSource { $0 == "SHOP_URL" ? "pg://secret" : nil })
    #expect((resolved.target as? TableTarget)?.url.reveal() == "pg://secret")
    #expect((resolved.target as? TableTarget)?.table == "shop.products")
    #expect(resolved.fingerprint == plan.fingerprint)
    #expect(!"\(resolved)".contains("secret"))
    let error = #expect(throws: Diagnostics.self) { try plan.resolved(with: SecretSource { _ in nil }) }
    #expect(error?.items.map(\.code) == ["secret.unset"])
    #expect(error?.items.first?.place.line == 19 && error?.items.first?.path == "target.url")
  }

  @Test func anAliasRepeatsAValue() throws {
    let plan = try plan(
      pipeline(mappings: "{a: &price {from: record.a, unit: EUR -> cents}, b: *price, c: &p record.c, d: *p}"))
    #expect(plan.mapping.fields[0].mapping == plan.mapping.fields[1].mapping)
    #expect(plan.mapping.fields[2].mapping == plan.mapping.fields[3].mapping)
  }
}

@Suite struct FingerprintTests {
  private func fingerprint(_ yaml: String) throws -> String {
    try #require(read(yaml).plans.first).fingerprint
  }

  /// A change of this value makes the checkpoints of every pipeline strangers.
  @Test func itStaysTheSameFromReleaseToRelease() throws {
    let full = try fingerprint(PlanTests.full)
    #expect(full == "0c619fa44c3228b162cef5a9847e3cc2")
    let least = try fingerprint(pipeline())
    #expect(least == "f2e4499c8eff793c7ceb8d609c70980e")
  }

  static let same: [String] = [
    pipeline("description: x"), pipeline("retry: {delays: [1s]}"), pipeline("limits: {rate: 5/s}"),
    pipeline("checkpoint: {every: 9s}"), pipeline(mappings: "{id: {from: record.id}}"),
    pipeline(mappings: "{id: {from: 'record[\"id\"]', required: false}}"), "# comment\n" + pipeline("transforms: []"),
    pipeline().replacing("in.ndjson}", "in.ndjson, format: ndjson, block: 2MiB}"),
    pipeline().replacing("out.ndjson}", "out.ndjson, batch: {records: 5}}"), pipeline().replacing("products", "other"),
  ]

  @Test(arguments: same) func whatMayChange(yaml: String) throws {
    #expect(try fingerprint(yaml) == fingerprint(pipeline()))
  }

  static let different: [String] = [
    pipeline("transforms: [{filter: record.a == 1}]"), pipeline(mappings: "{id: record.sku}"),
    pipeline(mappings: "all"),
    pipeline(mappings: "{id: record.id, \"*\": all}"), pipeline(mappings: "{id: {from: record.id, trim: true}}"),
    pipeline(mappings: "{id: {from: record.id, values: {1: a}}}"),
    pipeline(mappings: "{id: {from: record.id, values: {\"1\": a}}}"), pipeline().replacing("in.ndjson", "b.ndjson"),
    pipeline().replacing("out.ndjson}", "out.ndjson, write: append}"),
    pipeline().replacing("out.ndjson}", "out.ndjson, key: [id]}"),
  ]

  @Test func whatMayNotChange() throws {
    let all = try Set(Self.different.map(fingerprint) + [fingerprint(pipeline())])
    #expect(all.count == Self.different.count + 1)
  }

  @Test func secretsAreNoPartOfIt() throws {
    let yaml = "name: x\nsource: {type: queue, url: \"${A}\"}\nmappings: all\ntarget: {type: file, path: o}\n"
    #expect(try fingerprint(yaml) == fingerprint(yaml.replacing("${A}", "${B}")))
    #expect(try fingerprint(yaml) == fingerprint(yaml.replacing("\"${A}\"", "amqp://h, auth: {bearer: \"${T}\"}")))
  }
}

extension String {
  func replacing(_ old: String, _ new: String) -> String { components(of: old).joined(separator: new) }
}
