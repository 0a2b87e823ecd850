import ConnectorKit
import Records

/// Where an API lists the rows that its target stored.
struct ListingSettings: SettingGroup {
  @Setting("The address of the listing.", example: "https://shop.example/products") var url: Secret
  @Setting(
    "Where in an answer the array of rows stands: a JSON pointer; without it the answer is the array.", example: "/data"
  )
  var records: String?
  @Setting("How an answer goes on in another.", example: "{page: {size_parameter: per_page}}") var pages:
    PagingSettings?

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if !url.reveal().hasPrefix("${"), URLParts(url.reveal()) == nil {
      problems.append(Problem("read.url", "is no address of HTTP", hint: "write https://api.example/products"))
    }
    let pointers = [
      ("read.records", records), ("read.pages.cursor.at", pages?.cursor?.at), ("read.pages.next", pages?.next),
    ]
    for (name, pointer) in pointers {
      guard let pointer, !pointer.hasPrefix("/"), !pointer.hasPrefix("${") else { continue }
      problems.append(Problem(name, "is no JSON pointer", hint: "write it with a slash in front: /data"))
    }
    return problems
  }
}

extension HTTPTargetConnector: ReadableTargetConnector {
  func makeReader(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> any Source {
    let own = (stream.settings as? HTTPTargetConnector) ?? self
    guard let listing = own.read else {
      throw ConnectorError(
        "verify.not_readable", "Nothing says where \(own.place) lists the rows that it holds.", remedy: .stop,
        hint: "Add to the target where they can be read: read: {url: https://api.example/products}.")
    }
    return try own.makeReader(context, listing)
  }

  private func makeReader(_ context: Context, _ listing: ListingSettings) throws(ConnectorError) -> any Source {
    var context = context
    context.endsOnceRead = true
    let place = URLParts(listing.url.reveal()).map { String($0.host) } ?? "the server"
    let reading = HTTPReading(
      url: listing.url.reveal(), method: "GET", headers: [(name: "Accept", value: "application/json")], body: nil,
      records: listing.records.map { AnswerReader.tokens($0) } ?? [], paths: EventPaths(EventPointers()),
      paging: Paging(listing.pages), since: nil, pollEvery: nil, rules: AnswerReader(AnswerRules(), place: place))
    return HTTPSource(reading, client(context), auth, context)
  }
}
