import ConnectorKit
import Records
import Testing

@testable import Connectors

/// What `millrace validate --connect` finds out about APIs.
@Suite(.serialized) struct ConnectionCheckTests {
  /// The settings and codes of what is wrong.
  private func found(_ problems: [Problem]) -> [String] { problems.map { "\($0.setting) \($0.code)" } }

  private func context() throws -> Context {
    var context = try TemporaryFolder().context()
    (context.onlyLooks, context.endsOnceRead) = (true, true)
    return context
  }

  private let stream = TargetStream(Columns(names: ["id", "price"], key: [0]))

  @Test(arguments: [
    (200, #"{"data":[{"id":1}]}"#, []), (200, "[]", ["url http.bad_answer"]), (401, "", ["auth http.unauthorized"]),
    (404, "", ["url http.refused"]),
  ]) func anAPIIsAskedForItsFirstPage(_ status: Int, _ body: String, _ expected: [String]) async throws {
    let server = try StandInServer { _, _ in .status(status, body) }
    let source = try HTTPSourceConnector.make([
      "url": .string(server.url), "records": "/data", "pages": ["page": [:]], "poll_every": "1s",
    ])
    #expect(try await found(source.check(context()).problems) == expected)
    #expect(server.requests.count == 1)
  }

  @Test func aTargetsServerIsGreeted() async throws {
    let issuer = try StandInServer { _, _ in .status(401, #"{"error":"invalid_client"}"#) }
    let server = try StandInServer { request, _ in .status(request.method == "OPTIONS" ? 404 : 403) }
    func check(_ more: [Value.Member], at url: String) async throws -> [String] {
      let target = try HTTPTargetConnector.make(.object([.init("url", .string(url + "/products/{id}"))] + more))
      return found(try await target.check(context(), [stream])[0])
    }
    #expect(try await check([], at: server.url) == [])
    #expect(server.requests.map(\.method) == ["OPTIONS"] && server.requests[0].target == "/")
    let read: Value = ["url": .string(server.url + "/products")]
    #expect(try await check([.init("read", read)], at: server.url) == ["read http.unauthorized"])
    let token: Value = ["oauth2": ["token_url": .string(issuer.url), "client_id": "a", "client_secret": "b"]]
    #expect(try await check([.init("auth", token)], at: server.url) == ["auth http.no_token"])
    server.stop()
    #expect(try await check([], at: "http://127.0.0.1:1") == ["url http.unreachable"])
  }

  /// Directus answers 403 for what the role may not see and for what is not there.
  @Test func directusIsAskedForAllThatARunAsksFor() throws {
    let server = try StandInServer { request, _ in
      let target = PercentCode.decoded(request.target)
      let isForbidden = target.contains("date_created") || target.hasPrefix("/activity")
      return .status(isForbidden ? 403 : 200, #"{"data":[]}"#)
    }
    let settings: [Value.Member] = [
      .init("url", .string(server.url)), .init("collection", "products"), .init("filter", ["status": ["_neq": "old"]]),
    ]
    let source = try DirectusSourceConnector.make(.object(settings + [.init("deletes_from", "activity")]))
    #expect(
      try found(source.check(context()).problems)
        == ["changed directus.forbidden", "deletes_from directus.forbidden"])
    #expect(server.requests.count == 5)
    let snapshot = try DirectusSourceConnector.make(.object(settings + [.init("read", "snapshot")]))
    #expect(try snapshot.check(context()).problems.isEmpty)
    let target = try DirectusTargetConnector.make(["url": .string(server.url), "collection": "products"])
    #expect(try target.check(context(), [stream]) == [[]])
    let hidden = TargetStream(Columns(names: ["date_created"], key: [0]))
    #expect(try found(target.check(context(), [hidden])[0]) == ["collection directus.forbidden"])
  }

  @Test func aServerThatIsAwayIsOneProblem() throws {
    let source = try DirectusSourceConnector.make(["url": "http://127.0.0.1:1", "collection": "products"])
    #expect(try found(source.check(context()).problems) == ["url http.unreachable"])
  }
}
