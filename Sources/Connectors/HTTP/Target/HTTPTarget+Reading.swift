import ConnectorKit
import Records

extension HTTPTargetConnector: ReadableTargetConnector {
  var readsByKey: Bool { read?.item != nil }

  func listsRows(_ stream: TargetStream) -> Bool { own(stream).read?.item == nil || own(stream).read?.url != nil }

  func makeReader(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> any Source {
    let own = own(stream)
    guard let read = own.read else {
      throw ConnectorError(
        "verify.not_readable", "Nothing says where \(own.place) gives back the rows that it holds.", remedy: .stop,
        hint: "Add to the target where they can be read: read: {url: https://api.example/products}, or for an API that "
          + "lists none, read: {item: \"https://api.example/products/{id}\"}.")
    }
    if let item = read.item, context.part.keys != nil || read.url == nil {
      let address = try ItemAddress(item.reveal(), stream.columns)
      return HTTPItems(own, address, record: read.record, context)
    }
    return own.makeReader(context, read)
  }

  private func own(_ stream: TargetStream) -> HTTPTargetConnector {
    (stream.settings as? HTTPTargetConnector) ?? self
  }

  private func makeReader(_ context: Context, _ listing: ReadBackSettings) -> any Source {
    var context = context
    context.endsOnceRead = true
    let url = listing.url?.reveal() ?? ""
    let place = URLParts(url).map { String($0.host) } ?? "the server"
    let reading = HTTPReading(
      url: url, method: "GET", headers: [(name: "Accept", value: "application/json")], body: nil,
      records: listing.records.map { AnswerReader.tokens($0) } ?? [], paths: EventPaths(EventPointers()),
      paging: Paging(listing.pages), since: nil, pollEvery: nil, rules: AnswerReader(AnswerRules(), place: place))
    return HTTPSource(reading, client(context), auth, context)
  }
}

/// The address of one row, made of its key.
struct ItemAddress: Sendable {
  private enum Part: Sendable {
    case text(String)
    /// A column of the key, by its place in it.
    case key(Int)
  }

  private var parts: [Part] = []

  init(_ text: String, _ columns: Columns) throws(ConnectorError) {
    let key = columns.key.map { columns.names[$0] }
    for part in RowTemplate(text)?.parts ?? [] {
      switch part {
      case .text(let text): parts.append(.text(text))
      case .field(let name):
        guard let place = key.firstIndex(of: name) else {
          throw ConnectorError(
            "http.unknown_field", "`{\(name)}` in read.item is no column of the target's key.", remedy: .stop,
            hint: key.isEmpty
              ? "Say what tells rows apart: key: [\(name)]." : "The key is \(key.joined(separator: ", ")).")
        }
        parts.append(.key(place))
      }
    }
  }

  func url(of key: [String]) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .key(let place): PercentCode.encoded(key[place])
      }
    }.joined()
  }
}
