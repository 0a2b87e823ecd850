import ConnectorKit
import Glibc
import Records
import Synchronization
import Testing

@testable import Connectors

/// A target with these settings.
func httpTarget(_ folder: TemporaryFolder, _ settings: Value, said: Notes = Notes()) throws -> any Target {
  try HTTPTargetConnector.make(settings).makeTarget(folder.context(said: said), lane: 0)
}

/// What a target sends, and what it makes of the answers, against a small server that answers as it is told.
@Suite(.serialized) struct HTTPTargetTests {
  /// A target and the server that it sends to.
  private struct Place {
    let server: StandInServer
    let target: any Target
    let encoder: any Encoder

    init(
      _ settings: Value = [:], path: String = "/products/{sku}", names: [String] = ["sku", "price"], key: [Int] = [0],
      _ answer: @escaping @Sendable (StandInServer.Request, Int) -> StandInServer.Answer = { _, _ in .status(204) }
    ) async throws {
      server = try StandInServer(answer)
      guard case .object(var members) = settings else { throw TestFailure() }
      members.append(.init("url", .string(server.url + path)))
      target = try httpTarget(TemporaryFolder(), .object(members))
      _ = try await target.open(at: nil)
      encoder = try target.makeEncoder(Columns(names: names, key: key))
    }

    func write(_ rows: [[String?]], _ operations: [Operation] = []) async throws -> Written {
      try await target.write([try payload(rows, encoder, operations: operations)])
    }
  }

  private struct TestFailure: Error {}

  // MARK: - What is sent

  @Test func eachKindOfEventHasItsRequest() async throws {
    let place = try await Place([
      "method": "PUT", "headers": ["X-Shop": "main", "X-Sku": "{sku}"],
      "requests": ["create": ["method": "POST", "headers": ["x-shop": "new"]]],
    ])
    let written = try await place.write(
      [["a/b ä", "1"], ["c", "2"], ["d", nil]], [.create, .update, .delete])
    #expect(written == Written())
    let requests = place.server.requests.sorted { $0.method < $1.method }
    #expect(requests.map(\.method) == ["DELETE", "POST", "PUT"])
    #expect(requests.map(\.target) == ["/products/d", "/products/a%2Fb%20%C3%A4", "/products/c"])
    #expect(requests.map(\.body) == ["", #"{"sku":"a/b ä","price":"1"}"#, #"{"sku":"c","price":"2"}"#])
    #expect(requests.map { $0.headers["x-shop"] } == ["main", "new", "main"])
    #expect(requests[2].headers["x-sku"] == "c" && requests[2].headers["content-type"] == "application/json")
    #expect(requests[0].headers["content-type"] == nil && requests[2].headers["expect"] == nil)
    #expect(Set(requests.map { $0.headers["idempotency-key"] }).count == 3)
  }

  @Test func aBodyIsMadeByItsTemplate() async throws {
    let body: Value = [
      "query": "mutation ($p: Product!) { save(product: $p) {sku} }",
      "variables": ["p": "{row}", "sku": "{sku}", "at": ["{event_id}", "{op}"], "literal": "{{sku}}"],
    ]
    let place = try await Place(["body": body, "answers": ["refused_at": "/errors"]], path: "/graphql") { request, _ in
      .status(200, request.body.contains("bad") ? #"{"errors":[{"message":"no such shop"}]}"# : #"{"data":{}}"#)
    }
    let written = try await place.write([["a", "1"], ["bad", "2"]], [.update, .update])
    let sent = try #require(place.server.requests.first { $0.body.contains(#""sku":"a""#) })
    #expect(
      sent.body == #"{"query":"mutation ($p: Product!) { save(product: $p) {sku} }","variables":"#
        + #"{"p":{"sku":"a","price":"1"},"sku":"a","at":["test:0","update"],"literal":"{sku}"}}"#)
    #expect(written.rejections.map(\.place) == [RowPlace(payload: 0, row: 1)])
    #expect(written.rejections[0].message.contains("no such shop"))
  }

  /// A proxy's page says nothing of the row; without a body the status is all that is said.
  @Test func anAnswerThatCannotBeReadDoesNotMeanStored() async throws {
    let place = try await Place(["answers": ["refused_at": "/errors"]]) { request, number in
      number == 0 ? .status(200, "<html>at your service</html>") : .status(request.method == "POST" ? 204 : 200)
    }
    await #expect(code { _ = try await place.write([["a", "1"]]) } == "http.bad_answer")
    #expect(try await place.write([["a", "1"]]) == Written())
  }

  @Test func aFormHoldsTheFields() async throws {
    let place = try await Place(["body": "form"], path: "/")
    _ = try await place.write([["a&b", "1"]])
    #expect(place.server.requests[0].body == "sku=a%26b&price=1")
    #expect(place.server.requests[0].headers["content-type"] == "application/x-www-form-urlencoded")
  }

  @Test func severalRowsGoInOneRequest() async throws {
    let place = try await Place(["rows_per_request": 2, "body": ["products": "{rows}"]], path: "/bulk")
    _ = try await place.write([["a", "1"], ["b", "2"], ["c", "3"]])
    #expect(
      Set(place.server.requests.map(\.body)) == [
        #"{"products":[{"sku":"a","price":"1"},{"sku":"b","price":"2"}]}"#, #"{"products":[{"sku":"c","price":"3"}]}"#,
      ])
  }

  @Test func theBadRowOfARequestIsFound() async throws {
    let place = try await Place(["rows_per_request": 8], path: "/bulk") { request, _ in
      request.body.contains("bad") ? .status(422, "bad is no price") : .status(200)
    }
    let rows = (0..<8).map { ["\($0)", $0 == 5 ? "bad" : "1"] }
    let written = try await place.write(rows)
    #expect(written.rejections.map(\.place.row) == [5])
    #expect(written.rejections[0].code == "http.refused" && written.rejections[0].message.contains("bad is no price"))
    let stored = place.server.requests.filter { !$0.body.contains("bad") }.map(\.body).joined()
    for sku in 0..<8 where sku != 5 { #expect(stored.contains(#""sku":"\#(sku)""#)) }
  }

  @Test func cloudEventsInEachMode() async throws {
    func sent(_ mode: String, _ more: [Value.Member] = []) async throws -> [StandInServer.Request] {
      let event: Value = ["mode": .string(mode), "source": "/catalogue", "type": "product.{op}", "subject": "{sku}"]
      let place = try await Place(.object([.init("cloudevents", event)] + more), path: "/events")
      _ = try await place.write([["é \"1\"", "1"], ["b", "2"]], [.create, .delete])
      return place.server.requests
    }
    let binary = try #require(try await sent("binary").first { $0.headers["ce-type"] == "product.create" })
    #expect(binary.headers["ce-subject"] == "%C3%A9%20%221%22" && binary.headers["ce-specversion"] == "1.0")
    #expect(binary.headers["ce-id"] == binary.headers["idempotency-key"])
    let structured = try #require(try await sent("structured").first { $0.body.contains("product.create") })
    #expect(structured.headers["content-type"] == "application/cloudevents+json")
    let value = try Value(json: structured.body)
    #expect(value["subject"] == "é \"1\"" && value["data"]?["price"] == "1" && value["source"] == "/catalogue")
    let batched = try await sent(
      "batched", [.init("rows_per_request", 10), .init("requests", ["delete": ["method": "POST"]])])
    #expect(
      batched.map { $0.headers["content-type"] } == Array(repeating: "application/cloudevents-batch+json", count: 2))
    #expect(try batched.flatMap { try Value(json: $0.body).array ?? [] }.count == 2)
  }

  @Test func rowsWithoutAPartOfTheAddressAreRefused() async throws {
    let place = try await Place()
    for sku in [nil, "", ".", ".."] as [String?] {
      #expect(throws: Refusal.self) { try payload([[sku, "1"]], place.encoder, operations: [.delete]) }
    }
    let target = try httpTarget(TemporaryFolder(), ["url": "http://127.0.0.1:1/{skuu}"])
    await #expect(code { _ = try target.makeEncoder(Columns(names: ["sku"])) } == "http.unknown_field")
  }

  // MARK: - Order and number

  @Test func rowsOfOneKeyStayInOrderWhileOthersGoAtOnce() async throws {
    let place = try await Place(["requests_at_once": 8]) { _, _ in
      usleep(2_000)
      return .status(204)
    }
    let rows = (0..<200).map { ["\($0 % 20)", "\($0)"] }
    _ = try await place.write(rows)
    let requests = place.server.requests
    #expect(requests.count == 200)
    #expect(place.server.mostAtOnce > 1)
    #expect(Set(requests.map(\.connection)).count <= 8)
    for sku in 0..<20 {
      let prices = try requests.filter { $0.target == "/products/\(sku)" }.map {
        try Value(json: $0.body)["price"]?.string
      }
      #expect(prices == (0..<10).map { "\($0 * 20 + sku)" })
    }
  }

  @Test func withoutAKeyNothingGoesAtOnce() async throws {
    let place = try await Place(key: []) { _, _ in
      usleep(1_000)
      return .status(204)
    }
    _ = try await place.write((0..<30).map { ["\($0)", "1"] })
    #expect(place.server.requests.map(\.target) == (0..<30).map { "/products/\($0)" })
    #expect(place.server.mostAtOnce == 1)
  }

  // MARK: - Answers

  private func failure(_ place: Place, _ rows: [[String?]] = [["a", "1"]]) async -> ConnectorError? {
    do {
      _ = try await place.write(rows)
      return nil
    } catch {
      return error as? ConnectorError
    }
  }

  @Test(arguments: [408, 425, 429, 500, 502, 503, 504]) func busyServersAreAskedAgain(_ status: Int) async throws {
    let place = try await Place { _, _ in .status(status, "", ["Retry-After": "9"]) }
    #expect(await failure(place)?.remedy == .retry(after: .seconds(9)))
  }

  @Test(arguments: [301, 401, 403, 405, 501]) func someAnswersEndTheRun(_ status: Int) async throws {
    let place = try await Place { _, _ in .status(status, "", ["Location": "/elsewhere"]) }
    let error = await failure(place)
    #expect(error?.remedy == .stop && error?.hint != nil)
  }

  @Test(arguments: [400, 404, 409, 413, 422]) func othersAreAboutTheRow(_ status: Int) async throws {
    let place = try await Place { _, _ in .status(status, "the\nreason") }
    let written = try await place.write([["a", "1"]])
    #expect(written.rejections.map(\.message) == ["127.0.0.1:\(place.server.port) answered \(status): the reason"])
  }

  @Test func whatIsGoneIsDeleted() async throws {
    let place = try await Place { _, _ in .status(404) }
    #expect(try await place.write([["a", nil]], [.delete]) == Written())
  }

  @Test func theSettingsSayWhatAnswersMean() async throws {
    let place = try await Place(["answers": ["stored": ["2xx", 409], "stop": [], "retry": ["400-499"]]]) { _, count in
      .status(count == 0 ? 409 : 403)
    }
    #expect(try await place.write([["a", "1"]]) == Written())
    #expect(await failure(place)?.code == "http.server_error")
  }

  // MARK: - Trouble

  @Test func aRequestIsRepeatedWithItsKeyAndTheOthersAreNot() async throws {
    let place = try await Place(["requests_at_once": 1]) { _, count in
      count == 1 ? .drop : .status(204, "", ["Connection": "close"])
    }
    let rows = try payload([["a", "1"], ["b", "1"], ["c", "1"]], place.encoder)
    var failures: [String] = []
    while true {
      do {
        _ = try await place.target.write([rows])
        break
      } catch {
        failures.append((error as ConnectorError).code)
      }
    }
    #expect(failures == ["http.unreachable"])
    #expect(place.server.requests.map(\.target) == ["a", "b", "b", "c"].map { "/products/\($0)" })
    let keys = place.server.requests.map { $0.headers["idempotency-key"] }
    #expect(keys[1] == keys[2] && keys[0] != keys[1] && keys[0]?.count == 36)
  }

  @Test func aRowThatTheServerFailsForIsParkedWithThoseBehindIt() async throws {
    let place = try await Place { request, _ in .status(request.target.hasSuffix("/a") ? 500 : 204) }
    let target = try #require(place.target as? any ParkingTarget)
    let first = try await target.write(
      [try payload([["a", "1"], ["b", "1"], ["a", "2"], ["c", "1"]], place.encoder)], withholding: [])
    #expect(first.parked.map(\.place.row) == [0, 2] && Set(first.parked.map(\.key)).count == 1)
    #expect(first.parked.map { $0.error?.code } == ["http.server_error", nil])
    let key = try #require(first.parked.first?.key)
    // Rows of the key that come later are not even sent.
    let sent = place.server.requests.count
    let second = try await target.write(
      [try payload([["a", "3"], ["b", "2"]], place.encoder)], withholding: [key])
    #expect(second.parked.map(\.place.row) == [0] && second.parked.map(\.key) == [key])
    #expect(place.server.requests.dropFirst(sent).map(\.target) == ["/products/b"])
  }

  @Test func otherRowsAreNotTakenForThoseThatFailed() async throws {
    let place = try await Place { request, _ in .status(request.target.hasSuffix("/a") ? 503 : 204) }
    await #expect(throws: ConnectorError.self) { try await place.write([["a", "1"]]) }
    _ = try await place.write([["b", "2"]])
    #expect(place.server.requests.last?.target == "/products/b")
  }

  @Test func theKeyIsTheSameInAnotherRun() async throws {
    var keys: [String?] = []
    for _ in 0..<2 {
      let place = try await Place()
      _ = try await place.target.write([try payload([["a", "1"]], place.encoder, from: 77)])
      _ = try await place.target.write([try payload([["a", "1"]], place.encoder, from: 78)])
      keys += place.server.requests.map { $0.headers["idempotency-key"] }
    }
    #expect(keys[0] == keys[2] && keys[1] == keys[3] && keys[0] != keys[1] && keys[0] != nil)
  }

  @Test func aSilentServerIsLeft() async throws {
    let place = try await Place(["timeout": "100ms"]) { _, _ in .silence(1_000) }
    #expect(await failure(place)?.code == "http.timed_out")
  }

  @Test func aServerThatIsNotThere() async throws {
    let place = try await Place()
    place.server.stop()
    #expect(await failure(place)?.code == "http.unreachable")
  }

  @Test func theEndOfTheRunEndsTheWait() async throws {
    let place = try await Place { _, _ in .silence(30_000) }
    let rows = try payload([["a", "1"]], place.encoder)
    let task = Task { try await place.target.write([rows]) }
    while place.server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    await #expect(throws: ConnectorError.self) { try await task.value }
  }

  // MARK: - Who sends

  @Test func tokensAreFetchedAndFetchedAgain() async throws {
    let tokens = Mutex(0)
    let issuer = try StandInServer { request, _ in
      #expect(request.body == "grant_type=client_credentials&scope=shop%3Awrite")
      #expect(request.headers["authorization"] == "Basic bWU6czNjcmV0JTI1")
      return tokens.withLock { tokens in
        tokens += 1
        return .status(200, #"{"access_token":"t\#(tokens)","token_type":"Bearer","expires_in":3600}"#)
      }
    }
    let refuses = Mutex(false)
    let auth: Value = [
      "oauth2": [
        "token_url": .string(issuer.url + "/token"), "client_id": "me", "client_secret": "s3cret%",
        "scope": "shop:write",
      ]
    ]
    let server = try StandInServer { request, _ in
      let old = request.headers["authorization"] == "Bearer t1"
      return refuses.withLock { $0 } && old ? .status(401) : .status(204)
    }
    let now = Mutex<Int64>(1_000_000)
    var context = try TemporaryFolder().context()
    context.wallTime = { now.withLock { $0 } }
    let settings: Value = ["url": .string(server.url), "auth": auth]
    let target = try HTTPTargetConnector.make(settings).makeTarget(context, lane: 0)
    _ = try await target.open(at: nil)
    let encoder = try target.makeEncoder(Columns(names: ["n"]))
    for _ in 0..<2 { _ = try await target.write([try payload([["1"]], encoder)]) }
    #expect(tokens.withLock { $0 } == 1)
    refuses.withLock { $0 = true }
    now.withLock { $0 += 60_000 }
    _ = try await target.write([try payload([["2"]], encoder)])
    #expect(tokens.withLock { $0 } == 2)
    #expect(server.requests.last?.headers["authorization"] == "Bearer t2")
    // One that is about to expire is not used any more.
    now.withLock { $0 += 3_590_000 }
    _ = try await target.write([try payload([["3"]], encoder)])
    #expect(server.requests.last?.headers["authorization"] == "Bearer t3")
  }

  @Test func aTokenThatIsNotGivenEndsTheRun() async throws {
    let issuer = try StandInServer { _, _ in .status(400, #"{"error":"invalid_client","access_token":"secret"}"#) }
    let place = try await Place([
      "auth": ["oauth2": ["token_url": .string(issuer.url), "client_id": "me", "client_secret": "x"]]
    ])
    let error = await failure(place)
    #expect(error?.code == "http.no_token" && error?.remedy == .stop)
    #expect(error?.message.hasSuffix("answered 400 in place of a token: invalid_client.") == true)
  }

  private static let senders: [(auth: Value, header: String, value: String)] = [
    (["bearer": "t"], "authorization", "Bearer t"),
    (["basic": ["user": "u", "password": "p"]], "authorization", "Basic dTpw"),
    (["api_key": ["header": "X-Key", "value": "k"]], "x-key", "k"),
  ]

  @Test(arguments: senders) func requestsSayWhoSendsThem(
    _ sender: (auth: Value, header: String, value: String)
  ) async throws {
    let place = try await Place(["auth": sender.auth])
    _ = try await place.write([["a", "1"]])
    #expect(place.server.requests[0].headers[sender.header] == sender.value)
  }

  @Test func aKeyMayStandInTheQuery() async throws {
    let place = try await Place(["auth": ["api_key": ["query": "key", "value": "a b"]]], path: "/?x=1")
    _ = try await place.write([["a", "1"]])
    #expect(place.server.requests[0].target == "/?x=1&key=a%20b")
  }

  @Test func requestsAreSignedForAWS() async throws {
    let place = try await Place([
      "auth": ["aws": ["region": "us-east-1", "service": "events", "access_key": "AKID", "secret_key": "s"]]
    ])
    _ = try await place.write([["a", "1"]])
    let headers = place.server.requests[0].headers
    #expect(
      headers["authorization"]?.contains("/us-east-1/events/aws4_request, SignedHeaders=content-type;host;x-amz-date, ")
        == true)
    #expect(headers["x-amz-date"]?.count == 16)
  }
}
