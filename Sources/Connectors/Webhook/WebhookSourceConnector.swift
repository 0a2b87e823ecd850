import ConnectorKit
import Glibc
import Records

/// `source: {type: webhook}`.
struct WebhookSourceConnector: SourceConnector {
  static let about = About(
    "webhook", .source, title: "Webhooks",
    summary:
      "Listens for events over HTTP/1.1, and HTTP/2 under TLS; each is durable in a log on disk before its sender is "
      + "answered, and the log can be read again by others with `type: log`.")

  @Setting("Where to listen; pipelines of one process may share an address.", example: "127.0.0.1:8080")
  var listen: ListenAddress
  @Setting("The path that events are posted to.", example: "/hooks/orders") var path: String = "/"
  @Setting("The folder of the log that holds the events.", example: ".millrace/orders.log") var log: String
  @Setting("How the messages are laid out.") var format: MessageFormat = .json
  @Setting("Where in a message its event's parts stand.", example: "{id: /id, key: /sku}") var event: EventPointers =
    EventPointers()
  @Setting("Who may post; without it everybody.", example: "{github: \"${WEBHOOK_SECRET}\"}") var verify: WebhookVerify?
  @Setting("How long events are kept in the log.", tuning: true) var retain: RetainSettings = RetainSettings()
  @Setting("The longest body that is taken; longer ones hear 413.", range: 1_024...(1 << 30), tuning: true)
  var bodyBytes: ByteSize = .mib(8)
  @Setting("What becomes of a body that is no JSON: the sender hears 400, or it is taken and becomes a dead letter.")
  var onBadJson: BadJSON = .refuse
  @Setting(
    "Further headers to keep with each event, under meta.headers; none of them should be a secret.",
    example: "[x-request-id]")
  var keepHeaders: [String] = []
  @Setting("The server's certificate; with `ca`, callers need one too.") var tls: ServerTLS?

  init() {}

  var goesOn: Bool { true }

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if !path.hasPrefix("/") || !path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3f && $0 != 0x23 }) {
      problems.append(Problem("path", "is no path", hint: "write it as callers send it, encoded: /hooks/orders"))
    }
    for name in keepHeaders where name.isEmpty || !name.utf8.allSatisfy(HTTPToken.isToken) {
      problems.append(Problem("keep_headers", "`\(name)` is no name of a header"))
    }
    if verify == nil, tls?.ca == nil, !listen.isLocal {
      problems.append(
        Problem(
          "listen", code: "webhook.open_to_all", "everybody who reaches \(listen.text) may post",
          hint: "say who may with verify, or listen on 127.0.0.1 behind a proxy that does", severity: .warning))
    }
    return problems
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    let folder = Files.join(context.folder, log)
    var reading = LogReading(path: folder, start: .beginning, format: format, pointers: event, ends: false)
    // What only looks, or ends once all is read, listens to nobody.
    if context.endsOnceRead || context.onlyLooks {
      reading.ends = true
      reading.mayBeMissing = true
      return LogSource(reading, context)
    }
    return WebhookSource(
      WebhookServing(
        address: listen, path: path, log: folder, retention: retain.retention, tls: tls, folder: context.folder,
        loops: Self.loops, rules: try rules(context.folder)),
      reading, context)
  }

  /// Half of the machine's processors: the log and the pipeline behind it need the others.
  private static var loops: Int { min(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2), ServerLimits.loopsMax) }

  private func rules(_ folder: String) throws(ConnectorError) -> WebhookService.Rules {
    var verifier: Verifier?
    if let verify, verify.sns == nil { verifier = try Verifier(verify) }
    return WebhookService.Rules(
      format: format, verifier: verifier, sns: verify?.sns.map { SNSVerifier($0, folder: folder) }, badJSON: onBadJson,
      headers: KeptHeaders(and: keepHeaders + event.headers), bodyBytesMax: bodyBytes.bytes)
  }

  func describe(_ position: Position) -> String { (try? LogPlace(position).text) ?? position.value.json }
}

/// How long a log keeps events.
struct RetainSettings: SettingGroup {
  @Setting("Older events are removed once the pipeline is done with them.", range: 60_000...Int.max) var age: Duration =
    .seconds(7 * 86_400)
  @Setting(
    "The most that all events take; the oldest go first, and where the pipeline is not done with them, callers hear 503.",
    range: 1_048_576...Int.max)
  var bytes: ByteSize = .mib(16 << 10)

  init() {}

  var retention: LogRetention { LogRetention(age: age.milliseconds, bytes: UInt64(clamping: bytes.bytes)) }
}
