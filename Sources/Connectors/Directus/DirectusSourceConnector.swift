import ConnectorKit
import Records

/// `source: {type: directus}`.
struct DirectusSourceConnector: SourceConnector {
  static let about = About(
    "directus", .source, title: "Directus collection",
    summary:
      "Loads a collection's items over the REST API and follows them: with `listen`, items that webhooks name are read "
      + "again, many edits of one as one; a poll finds what no webhook told of.")

  enum Read: String, SettingChoice {
    case snapshot, stream
    case snapshotThenStream = "snapshot_then_stream"
  }

  enum Deletes: String, SettingChoice { case webhooks, activity }

  @Setting("Directus' own address.", example: "https://cms.example") var url: Secret
  @Setting("Who asks; without it the public role.", example: "{token: \"${DIRECTUS_TOKEN}\"}") var auth: DirectusAuth?
  @Setting("The collection.", example: "products") var collection: String
  @Setting("Which fields are read; relations by dots.", example: "[\"*\", brand.name]") var fields: [String] = ["*"]
  @Setting("Which items are read, as Directus' API has it.", example: "{status: {_neq: archived}}") var filter: Value?
  @Setting("The collection's primary key.") var key: String = "id"
  @Setting(
    "What is read: `snapshot`, the items that are there; `stream`, what changes from now on; `snapshot_then_stream`, both "
      + "without a gap.")
  var read: Read = .snapshotThenStream
  @Setting(
    "Fields that say when an item was changed or made, by which the poll looks for changes; items that have none of "
      + "them are found by webhooks alone.")
  var changed: [String] = ["date_updated", "date_created"]
  @Setting(
    "How a delete is found that no webhook told of: by Directus' record of activity, which the role must be allowed to "
      + "read, or not at all.")
  var deletesFrom: Deletes = .webhooks
  @Setting("How long after one poll the next begins.", range: 100...86_400_000, tuning: true) var pollEvery: Duration =
    .seconds(60)
  @Setting(
    "How far a poll looks back behind the latest change it saw: changes show up later than they are stamped.",
    range: 0...86_400_000, tuning: true)
  var overlap: Duration = .seconds(60)
  @Setting("How many items one request reads.", range: 1...10_000, tuning: true) var pageRows: Int = 100
  @Setting(
    "How long webhooks are gathered, so that a burst of edits of one item is read once.", range: 0...60_000,
    tuning: true)
  var gather: Duration = .milliseconds(200)
  @Setting("Where webhooks come in, as Directus' Flows send them.", example: "127.0.0.1:8080") var listen:
    ListenAddress?
  @Setting("The path that webhooks are posted to.", example: "/hooks/products") var path: String = "/"
  @Setting("The folder of the log that holds the webhooks' events.", example: ".millrace/products.log") var log: String?
  @Setting("Who may post; without it everybody.", example: "{bearer: \"${HOOK_TOKEN}\"}") var verify: WebhookVerify?
  @Setting("How long events are kept in the log.", tuning: true) var retain: RetainSettings = RetainSettings()
  @Setting("The certificate that is shown to those who post.") var listenTls: ServerTLS?
  @Setting("How long a request may take.", range: 100...86_400_000, tuning: true) var timeout: Duration = .seconds(60)
  @Setting("The proxy; without it the one that the environment names (https_proxy, no_proxy).", tuning: true) var proxy:
    Secret?
  @Setting("How the server is trusted, and what it is shown.", tuning: true) var tls: ClientTLS = ClientTLS()

  /// The longest body of a webhook, in bytes; Directus itself sends no more than 1 MiB.
  private static let bodyBytesMax = 8 << 20

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if !url.reveal().hasPrefix("${"), URLParts(url.reveal()) == nil {
      problems.append(Problem("url", "is no address of HTTP", hint: "write https://cms.example"))
    }
    if fields.isEmpty { problems.append(Problem("fields", "names no field", hint: "write [\"*\"]")) }
    if listen == nil {
      for (name, isGiven) in [("log", log != nil), ("verify", verify != nil), ("listen_tls", listenTls != nil)]
      where isGiven {
        problems.append(
          Problem(
            name, code: "config.conflict", "is for webhooks", hint: "say where they come in: listen: 127.0.0.1:8080"))
      }
    } else if log == nil {
      problems.append(
        Problem("log", code: "config.missing_key", "is needed beside listen", hint: "name a folder: log: products.log"))
    } else if read == .snapshot {
      problems.append(
        Problem(
          "listen", code: "config.conflict", "has nothing to do for a snapshot", hint: "set read: snapshot_then_stream")
      )
    }
    if verify?.sns != nil {
      problems.append(
        Problem(
          "verify", code: "config.conflict", "`sns` is how Amazon SNS signs, and Directus posts itself",
          hint: "take bearer, basic or hmac, with what the Flow's request sends"))
    }
    if let listen, verify == nil, listenTls?.ca == nil, !listen.isLocal {
      problems.append(
        Problem(
          "listen", code: "webhook.open_to_all", "everybody who reaches \(listen.text) may post",
          hint: "say who may with verify, or listen on 127.0.0.1 behind a proxy that does", severity: .warning))
    }
    return problems
  }

  var goesOn: Bool { read != .snapshot }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    var reading = DirectusReading(
      collection: collection, fields: fields.contains(key) || fields.contains("*") ? fields : fields + [key],
      filter: filter, key: key, changed: changed, pageRows: pageRows, loads: read != .stream, follows: goesOn,
      pollEvery: pollEvery, overlap: overlap, findsDeletes: deletesFrom == .activity,
      gather: gather)
    // Who only looks sees the items that are there.
    if context.onlyLooks { (reading.loads, reading.follows) = (true, false) }
    if reading.follows, fields != ["*"] {
      reading.fields += changed.filter { !reading.fields.contains($0) && !reading.fields.contains("*") }
    }
    return DirectusSource(reading, server(context), hooks: reading.follows ? try hooks(context) : nil, context)
  }

  func server(_ context: Context) -> DirectusServer {
    DirectusServer(
      base: DirectusServer.base(of: url.reveal()), auth: auth ?? DirectusAuth(),
      client: ClientSettings(tls: tls, folder: context.folder, timeout: timeout, proxy: proxy, redirectionsMax: 3))
  }

  /// The server that webhooks are posted to, and the log that they are read from.
  private func hooks(_ context: Context) throws(ConnectorError) -> (any Source)? {
    guard let listen, let log else { return nil }
    let folder = Files.join(context.folder, log)
    var reading = LogReading(path: folder, start: .beginning, format: .directus, pointers: EventPointers(), ends: false)
    if context.endsOnceRead {
      (reading.ends, reading.mayBeMissing) = (true, true)
      return LogSource(reading, context)
    }
    let rules = WebhookService.Rules(
      format: .directus, verifier: try verify.map { verify throws(ConnectorError) in try Verifier(verify) },
      badJSON: .refuse, headers: KeptHeaders(and: []), bodyBytesMax: Self.bodyBytesMax)
    return WebhookSource(
      WebhookServing(
        address: listen, path: path, log: folder, retention: retain.retention, tls: listenTls, folder: context.folder,
        loops: 1, rules: rules),
      reading, context)
  }

  func describe(_ position: Position) -> String { (try? DirectusProgress(position).text) ?? position.value.json }
}

extension DirectusServer {
  /// Without slashes at its end.
  static func base(of url: String) -> String {
    var base = url[...]
    while base.last == "/" { base = base.dropLast() }
    return String(base)
  }
}
