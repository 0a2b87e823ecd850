import ConnectorKit
import Records

/// `source: {type: http}`.
struct HTTPSourceConnector: SourceConnector {
  static let about = About(
    "http", .source, title: "HTTP API",
    summary:
      "Reads records from an API that answers JSON: all pages, once or again and again, everything or only what changed "
      + "since the time that was seen last.")

  enum Method: String, SettingChoice {
    case get = "GET"
    case post = "POST"
  }

  @Setting("The address.", example: "https://api.example/products") var url: Secret
  @Setting("The method; POST for APIs that are asked by a body.") var method: Method = .get
  @Setting("Headers.", example: "{Accept-Language: en}") var headers: SettingMap<String> = SettingMap()
  @Setting("The body of a POST, as JSON.", example: "{status: active}") var body: Value?
  @Setting(
    "Where in an answer the array of records stands: a JSON pointer; without it the answer is the array.",
    example: "/data")
  var records: String?
  @Setting("Where in a record its event's parts stand.", example: "{key: /id, time: /updated_at}")
  var event: EventPointers = EventPointers()
  @Setting("How an answer goes on in another.", example: "{link: true}") var pages: PagingSettings?
  @Setting(
    "How only what changed is asked for: a poll asks from the highest time that was seen, itself included, and leaves out "
      + "what it gave already as it is; a record without a time is given whenever it comes changed, and moves nothing.",
    example: "{parameter: updated_since, at: /updated_at}")
  var since: SinceSettings?
  @Setting(
    "How long after the begin of one poll the next begins; without it all is read once.", range: 100...86_400_000)
  var pollEvery: Duration?
  @Setting("Which answers mean what.") var answers: AnswerRules = AnswerRules()
  @Setting("Who asks.", example: "{bearer: \"${API_TOKEN}\"}") var auth: HTTPAuth?
  @Setting("How long a request may take.", range: 100...86_400_000, tuning: true) var timeout: Duration = .seconds(60)
  @Setting("Which version of HTTP is spoken.", tuning: true) var httpVersion: HTTPVersion = .auto
  @Setting("The proxy; without it the one that the environment names (https_proxy, no_proxy).", tuning: true) var proxy:
    Secret?
  @Setting("How servers are trusted, and what they are shown.", tuning: true) var tls: ClientTLS = ClientTLS()

  /// How many redirections are followed.
  private static let redirectionsMax = 5

  init() {}

  var goesOn: Bool { pollEvery != nil }

  func problems() -> [Problem] {
    var problems = RequestCheck.problems(of: headers)
    if !url.reveal().hasPrefix("${"), URLParts(url.reveal()) == nil {
      problems.append(Problem("url", "is no address of HTTP", hint: "write https://api.example/products"))
    }
    let pointers = [
      ("records", records), ("since.at", since?.at), ("pages.cursor.at", pages?.cursor?.at),
      ("pages.next", pages?.next),
    ]
    for (name, pointer) in pointers {
      guard let pointer, !pointer.hasPrefix("/"), !pointer.hasPrefix("${") else { continue }
      problems.append(Problem(name, "is no JSON pointer", hint: "write it with a slash in front: /data"))
    }
    if !event.headers.isEmpty || event.record != nil {
      problems.append(
        Problem(
          "event", "a part of it is no pointer into a record", hint: "write id, key, type and time as JSON pointers"))
    }
    if body != nil, method == .get {
      problems.append(Problem("body", code: "config.conflict", "a GET has none", hint: "set method: POST"))
    }
    if since != nil, event.key == nil, event.id == nil {
      problems.append(
        Problem(
          "since", code: "config.conflict", "records of one time are told apart by their key, and none is named",
          hint: "say where it stands: event: {key: /id}"))
    }
    return problems
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    var headers = headers.entries.map { (name: $0.name, value: $0.value) }
    let given = Set(headers.map { $0.name.lowercased() })
    if !given.contains("accept") { headers.append(("Accept", "application/json")) }
    if body != nil, !given.contains("content-type") { headers.append(("Content-Type", "application/json")) }
    let place = URLParts(url.reveal()).map { String($0.host) } ?? "the server"
    var reading = HTTPReading(
      url: url.reveal(), method: method.rawValue, headers: headers, body: body?.json,
      records: records.map { AnswerReader.tokens($0) } ?? [], paths: EventPaths(event), paging: Paging(pages),
      since: nil,
      pollEvery: context.onlyLooks ? nil : pollEvery, rules: AnswerReader(answers, place: place))
    reading.since = since.map {
      HTTPReading.Since(parameter: $0.parameter, at: AnswerReader.tokens($0.at), start: $0.start, overlap: $0.overlap)
    }
    let client = ClientSettings(
      tls: tls, folder: context.folder, timeout: timeout, version: httpVersion, proxy: proxy,
      redirectionsMax: Self.redirectionsMax)
    return HTTPSource(reading, client, auth, context)
  }

  func describe(_ position: Position) -> String { (try? HTTPProgress(position).text) ?? position.value.json }
}

/// How only what changed is asked for.
struct SinceSettings: SettingGroup {
  @Setting("The parameter that holds the time.", example: "updated_since") var parameter: String
  @Setting("Where in a record its time stands: a JSON pointer; RFC 3339, or a number.", example: "/updated_at")
  var at: String
  @Setting("The time that the first poll asks from; without it for everything.", example: "2026-01-01T00:00:00Z")
  var start: String?
  @Setting(
    "How far a poll looks back behind the highest time: changes may show up later than they are stamped.",
    range: 0...86_400_000)
  var overlap: Duration = .zero

  init() {}
}
