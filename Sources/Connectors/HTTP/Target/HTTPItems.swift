import ConnectorKit
import Records

/// Asks an API for rows one by one, by the keys that the context names, several at once.
///
/// `@unchecked Sendable`: all calls come from the reader's own lane, one at a time.
final class HTTPItems: Source, @unchecked Sendable {
  /// The longest answer about one row, in bytes.
  private static let answerMax = 16 << 20
  /// How many rows one batch holds at most.
  private static let rowsMax = 100
  /// How often a row is asked for that a server was too busy to give.
  private static let triesMax = 6
  /// How long is waited where a server does not say how long, doubled each time.
  private static let pause: Duration = .milliseconds(500)

  private let settings: HTTPTargetConnector
  private let address: ItemAddress
  private let record: [String]
  private let context: Context
  private let reader: AnswerReader
  private let authorizer: Authorizer
  private let page = JSONPage()
  private var client: HTTPClient?
  private var rest: ArraySlice<[String]> = []
  /// Whether a token was refused that another may replace: requests that were under way with it hear the same.
  private var needsToken = false

  init(_ settings: HTTPTargetConnector, _ address: ItemAddress, record: String?, _ context: Context) {
    self.settings = settings
    self.address = address
    self.record = record.map { AnswerReader.tokens($0) } ?? []
    self.context = context
    reader = AnswerReader(AnswerRules(), place: settings.place)
    authorizer = Authorizer(settings.auth, wallTime: context.wallTime)
  }

  func open(at position: Position?) throws(ConnectorError) {
    client = try HTTPClient(
      settings.client(context), requestsMax: settings.requestsAtOnce, answerMax: Self.answerMax)
    rest = (context.part.keys?.rows ?? [])[...]
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    guard let client, !rest.isEmpty else { return .end }
    batch.origin = Origin(name: settings.place)
    var keys = Array(rest.prefix(Self.rowsMax))
    rest = rest.dropFirst(keys.count)
    var tries = 0
    while let later = try ask(&keys, client, batch) {
      tries += 1
      guard tries < Self.triesMax, case .retry(let after) = later.remedy,
        await context.sleep(after ?? Self.pause * (1 << tries))
      else { throw later }
    }
    return .batch
  }

  func makeDecoder() -> any Decoder { EventFramesDecoder() }
  func acknowledge(_ positions: [Position]) {}
  func extent() -> Extent? { nil }
  func close() { client = nil }

  /// Asks for each of the keys once, and keeps those that a busy server did not answer.
  ///
  /// - Returns: why, where there are some; what asks for the longest wait.
  private func ask(
    _ keys: inout [[String]], _ client: HTTPClient, _ batch: Batch
  ) throws(ConnectorError) -> ConnectorError? {
    var next = 0
    var (left, later, failure): ([[String]], ConnectorError?, ConnectorError?) = ([], nil, nil)
    needsToken = false
    do throws(ConnectorError) {
      try authorizer.prepare(client)
      while failure == nil, next < keys.count || client.underWay > 0 {
        while next < keys.count, client.underWay < settings.requestsAtOnce {
          client.start(request(for: next, keys[next], client))
          next += 1
        }
        try client.wait { transfer in
          let key = keys[transfer.tag]
          do throws(ConnectorError) {
            try take(transfer, key, batch)
          } catch {
            guard error.remedy != .stop else { return failure = failure ?? error }
            left.append(key)
            later = Self.longer(later, error)
          }
        }
      }
      if let failure { throw failure }
    } catch {
      client.abandon()
      throw error
    }
    keys = left
    return later
  }

  private static func longer(_ one: ConnectorError?, _ other: ConnectorError) -> ConnectorError {
    guard case .retry(let wait) = one?.remedy, case .retry(let another) = other.remedy else { return other }
    return (another ?? .zero) > (wait ?? .zero) ? other : one ?? other
  }

  private func request(for place: Int, _ key: [String], _ client: HTTPClient) -> Transfer {
    let transfer = client.transfer()
    transfer.tag = place
    transfer.method = "GET"
    transfer.hasBody = false
    transfer.url.append(address.url(of: key))
    transfer.addHeader("Accept", "application/json")
    authorizer.authorize(transfer, signing: [(name: "Accept", value: "application/json")])
    return transfer
  }

  private func take(_ transfer: Transfer, _ key: [String], _ batch: Batch) throws(ConnectorError) {
    if transfer.isAnswered, settings.answers.gone.contains(transfer.status) { return }
    if transfer.isAnswered, transfer.status == 401, needsToken || authorizer.wasRefused() {
      needsToken = true
      throw ConnectorError("http.unauthorized", "The token was refused.", remedy: .retry(after: .zero))
    }
    switch reader.verdict(transfer, isDelete: false) {
    case .stored: break
    case .later(let error), .stop(let error): throw error
    case .refused(let code, let message):
      throw ConnectorError(code, message + ".", remedy: .stop, hint: "Check read.item.")
    }
    guard !transfer.isCut, (try? page.read(transfer.answer.bytes)) != nil, let row = page.find(record),
      page.isObject(row) || page.batch.nodes[row].kind == .null
    else {
      throw ConnectorError(
        "http.bad_answer", "\(settings.place) answered something that holds no row where read.record points to.",
        remedy: .stop, hint: "Set read.record to the JSON pointer of the object that is the row.")
    }
    guard page.isObject(row) else { return }
    EventFrames.append(
      EventFrames.Parts(
        operation: .read, id: key.joined(separator: "/"), source: settings.place, readAt: context.wallTime()),
      record: page.batch.raw(page.batch.nodes[row]), to: batch)
  }
}
