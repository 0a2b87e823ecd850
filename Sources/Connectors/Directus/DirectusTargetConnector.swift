import ConnectorKit
import Records

/// `target: {type: directus}`.
struct DirectusTargetConnector: OfflineTargetConnector {
  static let about = About(
    "directus", .target, title: "Directus collection",
    summary:
      "Creates, changes and deletes items in arrays. What is there already is asked for first, because the API has no "
      + "upsert; a row that is refused is found among those that it was sent with.")

  enum Deletes: String, SettingChoice { case delete, ignore }

  @Setting("Directus' own address.", example: "https://cms.example") var url: Secret
  @Setting("Who writes.", example: "{token: \"${DIRECTUS_TOKEN}\"}") var auth: DirectusAuth?
  @Setting("The collection.", example: "products") var collection: String
  @Setting("What a delete does: it deletes the item, or nothing.") var onDelete: Deletes = .delete
  @Setting("How many items one request holds at most.", range: 1...1_000, tuning: true) var rowsPerRequest: Int = 100
  @Setting("How long a request may take.", range: 100...86_400_000, tuning: true) var timeout: Duration = .seconds(60)
  @Setting("The proxy; without it the one that the environment names (https_proxy, no_proxy).", tuning: true) var proxy:
    Secret?
  @Setting("How the server is trusted, and what it is shown.", tuning: true) var tls: ClientTLS = ClientTLS()

  init() {}

  func problems() -> [Problem] {
    if url.reveal().hasPrefix("${") || URLParts(url.reveal()) != nil { return [] }
    return [Problem("url", "is no address of HTTP", hint: "write https://cms.example")]
  }

  var rules: RowRules { RowRules(onDelete: onDelete == .ignore ? .ignore : .delete) }

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target {
    DirectusTarget(self, server(context), context)
  }

  func server(_ context: Context) -> DirectusServer {
    DirectusServer(
      base: DirectusServer.base(of: url.reveal()), auth: auth ?? DirectusAuth(),
      client: ClientSettings(tls: tls, folder: context.folder, timeout: timeout, proxy: proxy))
  }

  func makeOfflineEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    guard columns.key.count == 1 else { throw DirectusEncoder.needsKey }
    return DirectusEncoder(columns, ignoresDeletes: onDelete == .ignore)
  }
}
