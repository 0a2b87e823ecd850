import Records
import Testing

@testable import Connectors

/// The examples of the HTTP Protocol Binding for CloudEvents 1.0.2, sections 3.1.4, 3.2.4 and 3.3.4, and its rules for
/// headers.
struct CloudEventsTests {
  private let binary: Value = [
    "ce-specversion": "1.0", "ce-type": "com.example.someevent", "ce-time": "2018-04-05T03:56:24Z",
    "ce-id": "1234-1234-1234", "ce-source": "/mycontext/subcontext", "content-type": "application/json; charset=utf-8",
  ]
  private let structured = """
    {"specversion":"1.0","type":"com.example.someevent","time":"2018-04-05T03:56:24Z","id":"1234-1234-1234",
    "source":"/mycontext/subcontext","datacontenttype":"application/json; charset=utf-8","data":{"n":1}}
    """

  private func check(_ event: SeenEvent) {
    #expect(event.record == ["n": 1])
    #expect(event.meta?["event_id"] == "/mycontext/subcontext#1234-1234-1234")
    #expect(event.meta?["type"] == "com.example.someevent")
    #expect(event.meta?["source"] == "/mycontext/subcontext")
    #expect(event.meta?["time"] == "2018-04-05T03:56:24Z")
    #expect(event.meta?["headers"]?["ce-type"] == "com.example.someevent")
  }

  @Test func binaryMode() async throws {
    let seen = try await events(.cloudevents, ["{\"n\":1}"], headers: binary)
    #expect(seen.count == 1)
    check(seen[0])
  }

  @Test func structuredMode() async throws {
    for type in ["application/cloudevents+json; charset=UTF-8", "Application/CloudEvents+JSON"] {
      let seen = try await events(.cloudevents, [structured], headers: ["content-type": .string(type)])
      #expect(seen.count == 1)
      check(seen[0])
    }
  }

  @Test func batchedMode() async throws {
    let type: Value = ["content-type": "application/cloudevents-batch+json; charset=UTF-8"]
    let seen = try await events(.cloudevents, ["[\(structured),\(structured)]", "[]"], headers: type)
    #expect(seen.count == 2)
    seen.forEach(check)
    let mixed = try await events(.cloudevents, ["[\(structured),{\"id\":\"1\"},\(structured)]"], headers: type)
    #expect(mixed.map { $0.failure?.code } == [nil, "envelope.unknown_shape", nil])
    #expect(mixed[1].raw == "{\"id\":\"1\"}")
    let alone = try await events(.cloudevents, [structured], headers: type)
    #expect(alone[0].failure?.code == "envelope.unknown_shape")
  }

  @Test func dataThatIsNoObject() async throws {
    let head = "\"specversion\":\"1.0\",\"type\":\"t\",\"id\":\"1\",\"source\":\"s\""
    let type: Value = ["content-type": "application/cloudevents+json"]
    let seen = try await events(
      .cloudevents,
      [
        "{\(head),\"data\":[1]}", "{\(head),\"data\":\"text\"}", "{\(head)}",
        "{\(head),\"datacontenttype\":\"application/json\",\"data_base64\":\"eyJuIjoxfQ==\"}",
        "{\(head),\"datacontenttype\":\"image/png\",\"data_base64\":\"//8=\"}", "{\(head),\"data_base64\":\"?\"}",
      ], headers: type)
    #expect(seen.map(\.record) == [["data": [1]], ["data": "text"], [:], ["n": 1], ["data_base64": "//8="], nil])
    #expect(seen[5].failure?.code == "envelope.unknown_shape")
    var plain = binary
    if case .object(let members) = binary {
      plain = .object(members.filter { $0.name != "content-type" } + [.init("content-type", "text/plain")])
    }
    let text = try await events(.cloudevents, ["hello"], headers: plain)
    #expect(text[0].record == ["data": "hello"])
  }

  @Test func headersArePercentEncodedOnce() {
    let cases: [(String, String?)] = [
      ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"), ("\"a b\"", "a b"), ("\"a\\\"b\"", "a\"b"), ("%25%32%35", "%25"),
      ("a%2", nil), ("%zz", nil), ("%ff", nil), ("", ""),
    ]
    for (text, wanted) in cases { #expect(PercentText.decode(text) == wanted, "\(text)") }
  }

  @Test func whatIsRequiredMustBeThere() async throws {
    let type: Value = ["content-type": "application/cloudevents+json"]
    for text in [
      "{}", "{\"specversion\":\"0.3\",\"type\":\"t\",\"id\":\"1\",\"source\":\"s\"}",
      "{\"specversion\":\"1.0\",\"type\":\"t\",\"id\":\"\",\"source\":\"s\"}",
      "{\"specversion\":\"1.0\",\"type\":\"t\",\"id\":\"1\"}",
    ] {
      let seen = try await events(.cloudevents, [text], headers: type)
      #expect(seen[0].failure?.code == "envelope.unknown_shape", "\(text)")
    }
  }

  @Test func debeziumInCloudEvents() async throws {
    let type: Value = ["content-type": "application/cloudevents+json"]
    let head =
      "\"specversion\":\"1.0\",\"type\":\"io.debezium.postgresql.datachangeevent\",\"id\":\"1\",\"source\":\"s\""
    let seen = try await events(
      .cloudevents,
      [
        "{\(head),\"iodebeziumop\":\"d\",\"iodebeziumtable\":\"t\",\"data\":{\"before\":{\"id\":1},\"after\":null}}",
        "{\(head),\"iodebeziumop\":\"c\",\"data\":{\"schema\":{},\"payload\":{\"before\":null,\"after\":{\"id\":2}}}}",
      ], headers: type, pointers: ["key": "/id"])
    #expect(seen.map(\.operation) == [.delete, .create])
    #expect(seen.map(\.key) == [["id": 1], ["id": 2]])
    #expect(seen[0].meta?["table"] == "t")
  }
}
