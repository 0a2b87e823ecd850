import ConnectorKit
import Records

/// `target: {type: http}`.
struct HTTPTargetConnector: OfflineTargetConnector {
  static let about = About(
    "http", .target, title: "HTTP API",
    summary:
      "Sends a request for each row, or one for several. Rows of one key go one after the other, others at once. Each "
      + "request carries a key that is the same whenever it is sent again, so that a server can leave out what it has.",
    batchWait: .milliseconds(20))

  enum Deletes: String, SettingChoice { case delete, ignore }

  /// The most requests at once of one lane.
  private static let requestsAtOnceMax = 256

  @Setting(
    "The address; `{name}` stands for a field of the mappings, encoded.", example: "https://shop.example/products/{sku}"
  )
  var url: Secret
  @Setting("The method; a delete's is DELETE where `requests` says no other.") var method: HTTPMethod = .post
  @Setting("Headers; fields may stand in them.", example: "{X-Shop: main}") var headers: SettingMap<String> =
    SettingMap()
  @Setting(
    "What the body is made of: `row`, an object of the mapped fields; `form`; `none`; or the body itself, in which a text "
      + "that is `{name}` and nothing else stands for that field's value, `{row}` for all of them and `{rows}` for all rows "
      + "of the request.",
    example: "{query: \"mutation ($p: Product!) { save(product: $p) { sku } }\", variables: {p: \"{row}\"}}")
  var body: RequestBody = RequestBody(.row)
  @Setting(
    "How a kind of event is sent where it differs.", example: "{create: {method: POST}, update: {method: PATCH}}")
  var requests: RequestsSettings = RequestsSettings()
  @Setting("What a delete does: a request of its own, or nothing.") var onDelete: Deletes = .delete
  @Setting(
    "How many rows one request holds at most; from 2 on the body is an array of what it would be for one row, and the key is "
      + "that of all rows together: a run that goes on after a crash may put others together.",
    range: 1...10_000)
  var rowsPerRequest: Int = 1
  @Setting("CloudEvents are made of the rows.", example: "{source: /catalogue, type: \"product.{op}\"}")
  var cloudevents: CloudEventsSettings?
  @Setting(
    "The header with the key that is the same whenever the same row of an event is sent again, also by a later run; "
      + "`none` sends none.")
  var idempotencyHeader: String = "Idempotency-Key"
  @Setting("Which answers mean what.") var answers: AnswerRules = AnswerRules()
  @Setting("Who sends the requests.", example: "{bearer: \"${SHOP_TOKEN}\"}") var auth: HTTPAuth?
  @Setting(
    "Where the rows that it holds are read, for `millrace verify`: listed, or one by one.",
    example: "{url: https://shop.example/products, records: /data, pages: {link: true}}")
  var read: ReadBackSettings?
  @Setting(
    "The most requests at once of one lane; fewer are sent while answers take longer than they did.",
    range: 1...requestsAtOnceMax, tuning: true)
  var requestsAtOnce: Int = 16
  @Setting(
    "How long a request may take before it is sent again with the same key.", range: 100...86_400_000, tuning: true)
  var timeout: Duration = .seconds(30)
  @Setting("How long connecting may take.", range: 100...3_600_000, tuning: true) var connectTimeout: Duration =
    .seconds(10)
  @Setting(
    "Which version of HTTP is spoken. `auto` is HTTP/1.1 to http:// and HTTP/2 where an https:// server has it; with "
      + "`1.1` requests cost less, with `2` many go over one connection.", tuning: true)
  var httpVersion: HTTPVersion = .auto
  @Setting(
    "The proxy; without it the one that the environment names (https_proxy, no_proxy).",
    example: "http://proxy.example:3128", tuning: true)
  var proxy: Secret?
  @Setting("How servers are trusted, and what they are shown.", tuning: true) var tls: ClientTLS = ClientTLS()

  init() {}

  func problems() -> [Problem] {
    var problems = RequestCheck.problems(ofURL: url.reveal()) + RequestCheck.problems(of: headers)
    problems += read?.problems() ?? []
    for request in requests.all { problems += request.settings.problems(under: "requests.\(request.name).") }
    let forms =
      [("body", body)]
      + requests.all.compactMap { request in
        request.settings.body.map { ("requests.\(request.name).body", $0) }
      }
    for (name, body) in forms {
      if body.form == .form, rowsPerRequest > 1 {
        problems.append(Problem(name, code: "config.conflict", "a form holds one row", hint: "remove rows_per_request"))
      }
      if let cloudevents, body.form == .form || body.form == .none {
        problems.append(
          Problem(
            name, code: "config.conflict", "an event's data is JSON",
            hint: "write body: row, or a body, beside cloudevents: {mode: \(cloudevents.mode.rawValue)}"))
      }
    }
    if idempotencyHeader != "none", !idempotencyHeader.utf8.allSatisfy(HTTPToken.isToken) {
      problems.append(Problem("idempotency_header", "is no name of a header"))
    }
    if let mode = cloudevents?.mode, mode != .batched, rowsPerRequest > 1 {
      problems.append(
        Problem(
          "rows_per_request", code: "config.conflict", "several events stand in one request only when they are batched",
          hint: "write cloudevents: {mode: batched}"))
    }
    return problems
  }

  var rules: RowRules { RowRules(onDelete: onDelete == .ignore ? .ignore : .delete) }

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target {
    HTTPTarget(self, context)
  }

  func makeOfflineEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    RequestEncoder(try RequestPlan(self, columns, pipeline: ""))
  }
}

extension HTTPTargetConnector {
  func client(_ context: Context) -> ClientSettings {
    ClientSettings(
      tls: tls, folder: context.folder, timeout: timeout, connectTimeout: connectTimeout, version: httpVersion,
      proxy: proxy)
  }

  /// Where requests go.
  var addresses: [String] {
    [url.reveal()] + requests.all.compactMap { $0.settings.url?.reveal() } + [auth?.oauth2?.tokenUrl].compactMap(\.self)
  }

  /// Who answers, for people; an address may hold secrets behind its host.
  var place: String { URLParts(url.reveal()).map { String($0.host) } ?? "the server" }
}

extension HTTPTargetConnector: StatementsTargetConnector {
  func statements(_ stream: TargetStream) -> [String] {
    let kinds = requests.all
    var lines = ["\(method.rawValue) \(url.reveal())"]
    for kind in kinds where kind.operation != .delete {
      lines.append(
        "\(kind.name): \((kind.settings.method ?? method).rawValue) \((kind.settings.url ?? url).reveal())")
    }
    if onDelete == .delete {
      let own = requests.delete
      lines.append("delete: \((own?.method ?? .delete).rawValue) \((own?.url ?? url).reveal())")
    }
    return lines
  }
}
