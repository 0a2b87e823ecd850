import Records
import Testing

@testable import Connectors

struct EnvelopeTests {
  @Test func anyJSONWithPointers() async throws {
    let seen = try await events(
      .json,
      ["{\"meta\":{\"id\":7,\"kind\":\"product.deleted\",\"at\":\"2026-01-01T00:00:00Z\"},\"data\":{\"sku\":\"a\"}}"],
      pointers: [
        "id": "/meta/id", "type": "/meta/kind", "time": "/meta/at", "key": "/data/sku", "record": "/data",
        "operations": ["product.deleted": "delete"],
      ])
    #expect(seen.count == 1)
    #expect(seen[0].operation == .delete)
    #expect(seen[0].record == ["sku": "a"])
    #expect(seen[0].key == ["sku": "a"])
    #expect(seen[0].meta?["event_id"] == "7")
    #expect(seen[0].meta?["type"] == "product.deleted")
    #expect(seen[0].meta?["time"] == "2026-01-01T00:00:00Z")
  }

  @Test func anArrayIsSeveralEvents() async throws {
    let seen = try await events(.json, ["[{\"n\":1}, {\"n\":2}]", "[]", "{\"n\":3}"])
    #expect(seen.map(\.record) == [["n": 1], ["n": 2], ["n": 3]])
    #expect(Set(seen.map { $0.meta?["event_id"]?.string }).count == 3)
    #expect(seen[1].raw == "{\"n\":2}")
  }

  @Test func whatIsNoRecordIsADeadLetterWithItsText() async throws {
    let seen = try await events(.json, ["3", "{\"n\":", "{\"n\":4}"])
    #expect(seen.map { $0.failure?.code } == ["decode.not_an_object", "decode.invalid_json", nil])
    #expect(seen[1].raw == "{\"n\":")
    let missing = try await events(.json, ["{}"], pointers: ["record": "/data"])
    #expect(missing[0].failure?.code == "envelope.no_record")
  }

  /// Its neighbours are not to blame.
  @Test func anElementThatIsNoRecordIsADeadLetterAlone() async throws {
    let seen = try await events(.json, ["[{\"n\":1}, 2, {\"n\":3}]"])
    #expect(seen.map { $0.failure?.code } == [nil, "decode.not_an_object", nil])
    #expect(seen.map(\.raw) == ["{\"n\":1}", "2", "{\"n\":3}"] && seen[2].record == ["n": 3])
  }

  @Test func pointersLeadAnywhere() async throws {
    let seen = try await events(
      .json, ["{\"a/b\":{\"m~n\":[{\"id\":\"x\"}]},\"id\":1,\"id\":2}"], headers: ["x-kind": "k"],
      pointers: ["id": "/a~1b/m~0n/0/id", "key": "/id", "type": "header:X-Kind"])
    #expect(seen[0].meta?["event_id"] == "x" && seen[0].key == ["id": 2] && seen[0].meta?["type"] == "k")
    #expect(EventPointer("a") == nil && EventPointer("/a~2") == nil && EventPointer("header:a b") == nil)
    #expect(EventPointer("/a~1b/m~0n")?.written == "/a~1b/m~0n")
  }

  @Test func wellKnownHeadersTellTheEvent() async throws {
    let seen = try await events(.json, ["{}"], headers: ["x-github-delivery": "72d3162e"])
    #expect(seen[0].meta?["event_id"] == "72d3162e")
  }

  /// A delivery that is repeated has the same ids, and no two events of one delivery do: `dedupe` would drop the second.
  @Test(arguments: [[:], ["id": "header:webhook-id"]] as [Value])
  func aHeaderTellsTheEventsOfAnArrayApart(_ pointers: Value) async throws {
    let array = "[{\"n\":1},{\"n\":2}]"
    let seen = try await events(.json, [array, array], headers: ["webhook-id": "w"], pointers: pointers)
    #expect(seen.map { $0.meta?["event_id"] } == ["w#0", "w#1", "w#0", "w#1"])
    let one = try await events(.json, ["{}"], headers: ["webhook-id": "w"], pointers: pointers)
    #expect(one[0].meta?["event_id"] == "w")
  }

  // MARK: - Directus

  @Test func directusCreates() async throws {
    let seen = try await events(
      .directus,
      ["{\"event\":\"articles.items.create\",\"payload\":{\"title\":\"A\"},\"key\":42,\"collection\":\"articles\"}"])
    #expect(seen[0].operation == .create && seen[0].record == ["id": 42, "title": "A"] && seen[0].key == ["id": 42])
    #expect(seen[0].meta?["table"] == "articles" && seen[0].meta?["type"] == "articles.items.create")
  }

  @Test func directusFansOutByKey() async throws {
    let seen = try await events(
      .directus,
      [
        "{\"event\":\"articles.items.update\",\"payload\":{\"title\":\"B\"},\"keys\":[42,43],\"collection\":\"articles\"}",
        "{\"event\":\"articles.items.delete\",\"payload\":[42,43],\"keys\":[42,43],\"collection\":\"articles\"}",
        "{\"event\":\"items.delete\",\"accountability\":null,\"payload\":[\"a-1\"],\"collection\":\"articles\"}",
      ])
    #expect(seen.map(\.operation) == [.update, .update, .delete, .delete, .delete])
    #expect(seen.map(\.key) == [["id": 42], ["id": 43], ["id": 42], ["id": 43], ["id": "a-1"]])
    #expect(seen[1].record == ["id": 43, "title": "B"] && seen[3].record == ["id": 43])
    #expect(Set(seen.map { $0.meta?["event_id"]?.string }).count == 5)
  }

  @Test func directusNamesItsKeyAndItsSystemCollections() async throws {
    let seen = try await events(
      .directus, ["{\"event\":\"users.create\",\"payload\":{\"email\":\"a@b.c\"},\"key\":\"u1\"}"],
      pointers: ["key": "/uuid"])
    #expect(seen[0].key == ["uuid": "u1"] && seen[0].meta?["table"] == "directus_users")
  }

  @Test func directusTellsOfMoreThanChanges() async throws {
    let seen = try await events(.directus, ["{\"event\":\"items.sort\",\"item\":1,\"to\":2}", "{\"x\":1}"])
    #expect(seen[0].outcome == .filtered && seen[1].failure?.code == "envelope.unknown_shape")
    let keyless = try await events(.directus, ["{\"event\":\"items.update\",\"payload\":{}}"])
    #expect(keyless[0].failure?.code == "envelope.unknown_shape")
  }

  // MARK: - Debezium

  private let source =
    "\"source\":{\"name\":\"db\",\"ts_ms\":1764000000123,\"schema\":\"public\",\"table\":\"t\",\"txId\":5,\"lsn\":77}"

  @Test(arguments: [false, true]) func debeziumChanges(hasSchema: Bool) async throws {
    let payloads = [
      "{\"before\":null,\"after\":{\"id\":1,\"a\":\"x\"},\"op\":\"c\",\(source)}",
      "{\"before\":{\"id\":1},\"after\":{\"id\":1,\"a\":\"__debezium_unavailable_value\"},\"op\":\"u\",\(source)}",
      "{\"before\":{\"id\":1},\"after\":null,\"op\":\"d\",\(source)}",
      "{\"before\":null,\"after\":{\"id\":1},\"op\":\"r\",\(source)}",
      "{\"before\":null,\"after\":null,\"op\":\"t\",\(source)}",
    ].map { hasSchema ? "{\"schema\":{\"type\":\"struct\"},\"payload\":\($0)}" : $0 }
    let seen = try await events(.debezium, payloads, pointers: ["key": "/id"])
    #expect(seen.map(\.operation) == [.create, .update, .delete, .read, .truncate])
    #expect(seen.map(\.outcome).allSatisfy { $0 == .flowing })
    #expect(seen.map(\.record) == [["id": 1, "a": "x"], ["id": 1], ["id": 1], ["id": 1], nil])
    #expect(seen[1].before == ["id": 1] && seen[2].key == ["id": 1])
    #expect(seen[0].meta?["event_id"] == "db:5:77" && seen[0].meta?["table"] == "public.t")
    #expect(seen[0].meta?["time"] == "2025-11-24T16:00:00.123Z")
  }

  @Test func debeziumTombstonesAndNotices() async throws {
    let seen = try await events(
      .debezium,
      [
        "", "null", "{\"schema\":null,\"payload\":null}", "{\"op\":\"m\",\(source),\"message\":{}}",
        "{\"status\":\"BEGIN\",\"id\":\"5\",\"event_count\":null,\"data_collections\":null}",
      ])
    #expect(seen.count == 5 && seen.allSatisfy { $0.outcome == .filtered })
  }

  @Test func debeziumFlattened() async throws {
    let seen = try await events(
      .debezium,
      [
        "{\"id\":1,\"a\":2,\"__op\":\"u\",\"__deleted\":\"false\",\"__table\":\"t\"}",
        "{\"id\":1,\"a\":null,\"__deleted\":\"true\"}",
      ], pointers: ["key": "/id"])
    #expect(seen.map(\.operation) == [.update, .delete])
    #expect(seen[0].record == ["id": 1, "a": 2] && seen[0].meta?["table"] == "t" && seen[1].key == ["id": 1])
  }

  // MARK: - Clouds

  @Test func snsNotifies() async throws {
    let head = "\"TopicArn\":\"arn:aws:sns:eu:1:t\",\"MessageId\":\"m1\",\"Timestamp\":\"2026-01-01T00:00:00Z\""
    let seen = try await events(
      .sns,
      [
        "{\"Type\":\"Notification\",\(head),\"Subject\":\"s\",\"Message\":\"{\\\"id\\\":1,\\\"n\\\":\\\"\\u00e9\\\"}\"}",
        "{\"Type\":\"Notification\",\(head),\"Message\":\"plain text\"}",
        "{\"Type\":\"SubscriptionConfirmation\",\(head),\"SubscribeURL\":\"https://sns.example/confirm\",\"Message\":\"x\"}",
        "{\"Type\":\"UnsubscribeConfirmation\",\(head)}", "{\"id\":9}",
      ], pointers: ["key": "/id"])
    #expect(seen[0].record == ["id": 1, "n": "\u{e9}"] && seen[0].key == ["id": 1])
    #expect(seen[0].meta?["event_id"] == "m1" && seen[0].meta?["type"] == "s")
    #expect(seen[1].record == ["data": "plain text"])
    #expect(seen[2].failure?.code == "envelope.sns_unconfirmed" && seen[2].raw.contains("https://sns.example/confirm"))
    #expect(seen[3].outcome == .filtered && seen[4].record == ["id": 9])
  }

  @Test func pubSubPushes() async throws {
    let seen = try await events(
      .pubsub,
      [
        "{\"message\":{\"data\":\"eyJpZCI6MX0=\",\"attributes\":{\"kind\":\"k\"},\"messageId\":\"17\",\"publishTime\":\"2026-01-01T00:00:00Z\"},\"subscription\":\"s\"}",
        "{\"message\":{\"attributes\":{\"kind\":\"k\"},\"messageId\":\"18\"},\"subscription\":\"s\"}",
        "{\"message\":{\"data\":\"*\"}}", "{}",
      ], pointers: ["type": "header:kind", "key": "/id"])
    #expect(seen[0].record == ["id": 1] && seen[0].key == ["id": 1])
    #expect(seen[0].meta?["event_id"] == "17" && seen[0].meta?["type"] == "k" && seen[0].meta?["source"] == "s")
    #expect(seen[1].record == [:] && seen[1].meta?["event_id"] == "18")
    #expect(seen[2...3].allSatisfy { $0.failure?.code == "envelope.unknown_shape" })
  }

  @Test func eventBridgeSends() async throws {
    let seen = try await events(
      .eventbridge,
      [
        "{\"version\":\"0\",\"id\":\"e1\",\"detail-type\":\"T\",\"source\":\"shop\",\"time\":\"2026-01-01T00:00:00Z\",\"detail\":{\"id\":1}}"
      ])
    #expect(seen[0].record == ["id": 1] && seen[0].meta?["event_id"] == "e1" && seen[0].meta?["type"] == "T")
  }
}
