import ConnectorKit
import Records

extension DirectusTargetConnector: ReadableTargetConnector {
  func makeReader(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> any Source {
    let own = (stream.settings as? DirectusTargetConnector) ?? self
    guard stream.columns.key.count == 1 else { throw DirectusEncoder.needsKey }
    var context = context
    context.endsOnceRead = true
    let reading = DirectusReading(
      collection: own.collection, fields: stream.columns.rest == nil ? stream.columns.names : ["*"], filter: nil,
      key: stream.columns.names[stream.columns.key[0]], changed: [], pageRows: own.rowsPerRequest, loads: true,
      follows: false, pollEvery: .zero, overlap: .zero, findsDeletes: false, gather: .zero)
    let server = own.server(context)
    return DirectusItems(DirectusSource(reading, server, hooks: nil, context), own.collection, server, context)
  }
}

/// The items of a collection, and the types of its fields: Directus gives decimals and large integers as texts.
private struct DirectusItems: Source {
  private let items: DirectusSource
  private let collection: String
  private let server: DirectusServer
  private let context: Context

  init(_ items: DirectusSource, _ collection: String, _ server: DirectusServer, _ context: Context) {
    (self.items, self.collection, self.server, self.context) = (items, collection, server, context)
  }

  /// The collection, without columns where this role may not see how its fields are made.
  func tables(at position: Position?) throws(ConnectorError) -> [SourceTable] {
    let api = try DirectusAPI(server, wallTime: context.wallTime)
    let answer = try api.send("GET", "/fields/\(PercentCode.encoded(collection))")
    guard answer.isAnswered, answer.status == 200 || answer.status == 403 else {
      throw api.error(answer).connectorError("read the fields of \(collection)")
    }
    let page = JSONPage()
    guard answer.status == 200, (try? page.read(answer.answer.bytes)) != nil,
      let data = page.member("data", of: page.root), let fields = page.elements(of: data)
    else { return [SourceTable(name: collection)] }
    let columns = fields.compactMap { field -> SourceTable.Column? in
      guard let name = page.text(page.member("field", of: field)) else { return nil }
      return SourceTable.Column(name, type: Self.type(page.text(page.member("type", of: field)) ?? ""))
    }
    return [SourceTable(name: collection, columns: columns)]
  }

  /// A type of Directus in the words of standard SQL.
  private static func type(_ own: String) -> String {
    switch own {
    case "integer", "bigInteger", "float", "decimal": "numeric"
    case "timestamp", "dateTime": "timestamp"
    case "string", "text", "uuid", "hash", "date", "time": "text"
    default: "json"
    }
  }

  func open(at position: Position?) async throws(ConnectorError) { try await items.open(at: position) }
  func next(into batch: Batch) async throws(ConnectorError) -> Next { try await items.next(into: batch) }
  func makeDecoder() -> any Decoder { items.makeDecoder() }
  func acknowledge(_ positions: [Position]) async throws(ConnectorError) { try await items.acknowledge(positions) }
  func extent() async -> Extent? { nil }
  func close() async { await items.close() }
}
