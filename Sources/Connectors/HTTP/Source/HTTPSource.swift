import ConnectorKit
import Records

/// What of an API is read, and how.
struct HTTPReading: Sendable {
  var url: String
  var method: String
  var headers: [(name: String, value: String)]
  var body: String?
  /// Where in an answer the records stand.
  var records: [String]
  var paths: EventPaths
  var paging: Paging
  var since: Since?
  /// nil: it is read once.
  var pollEvery: Duration?
  var rules: AnswerReader

  struct Since: Sendable {
    var parameter: String
    var at: [String]
    var start: String?
    var overlap: Duration
  }

  var place: String { URLParts(url).map { String($0.host) } ?? "the server" }
}

/// Reads an API page by page, once or again and again.
///
/// `@unchecked Sendable`: all calls come from the source's own lane, one at a time.
final class HTTPSource: Source, @unchecked Sendable {
  /// The longest answer that is read, in bytes.
  private static let answerMax = 256 << 20
  /// The most records whose state is remembered, so that what did not change is not given again.
  private static let statesMax = 50_000
  /// How long one look at the clock lasts.
  private static let glance: Duration = .milliseconds(100)

  private let reading: HTTPReading
  private let settings: ClientSettings
  private let context: Context
  private let authorizer: Authorizer
  private let page = JSONPage()
  private var client: HTTPClient?
  private var progress = HTTPProgress()
  private var passBeganAt: Int64?
  /// The same by the server's clock; nil where it does not tell.
  private var passClock: Int64?
  private var hasPassed = false
  /// The hash of each record that was given and has no time.
  private var states: [String: String] = [:]

  init(_ reading: HTTPReading, _ settings: ClientSettings, _ auth: HTTPAuth?, _ context: Context) {
    self.reading = reading
    self.settings = settings
    self.context = context
    authorizer = Authorizer(auth, wallTime: context.wallTime)
  }

  func open(at position: Position?) throws(ConnectorError) {
    client = try HTTPClient(settings, requestsMax: 1, answerMax: Self.answerMax)
    progress = HTTPProgress()
    progress.since = reading.since?.start
    if let position, position != .start { progress = try HTTPProgress(position) }
    passBeganAt = nil
    passClock = nil
    hasPassed = false
    states.removeAll()
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    guard let client else { throw ConnectorError("http.not_open", "The source is not open.", remedy: .stop) }
    if progress.place == .first, let wait = waiting() {
      if wait { _ = await context.sleep(Self.glance) }
      return wait ? .idle : .end
    }
    if progress.place == .first { passBeganAt = context.wallTime() }
    try read(into: batch, client)
    return .batch
  }

  /// Whether the next pass is waited for; false where there is none, nil where it is due.
  private func waiting() -> Bool? {
    let hasEnded = reading.pollEvery == nil && progress.passes > 0
    if hasEnded || hasPassed && context.endsOnceRead { return false }
    guard let every = reading.pollEvery, let passBeganAt else { return nil }
    return context.wallTime() - passBeganAt < every.milliseconds ? true : nil
  }

  func makeDecoder() -> any Decoder { EventFramesDecoder() }

  /// The API keeps its records whoever reads them.
  func acknowledge(_ positions: [Position]) {}

  func extent() -> Extent? { nil }

  func close() { client = nil }

  // MARK: - A page

  private func read(into batch: Batch, _ client: HTTPClient) throws(ConnectorError) {
    var parameters: [(String, String)] = []
    if let since = reading.since, let from = progress.since { parameters.append((since.parameter, from)) }
    let address = reading.paging.address(reading.url, at: progress.place, parameters: parameters)
    let answer = try fetch(address, client)
    if progress.place == .first { passClock = answer.date }
    batch.origin = Origin(name: reading.place)
    defer { batch.position = progress.position }
    // Nothing has changed; and some servers say so of a page behind the last one.
    let isBehindLast = answer.status == 404 && progress.place != .first && !reading.paging.isTold
    if answer.status == 304 || isBehindLast { return endPass() }
    try check(answer)
    if progress.place == .first { (progress.etag, progress.etagAddress) = (answer.header("etag"), address) }
    let records = try self.records(in: answer)
    for record in records { try add(record, to: batch) }
    let seen = Paging.Answer(
      records: records.count, text: { self.page.text(self.page.find($0)) }, link: answer.headers("link"))
    guard let next = reading.paging.next(behind: progress.place, seen) else { return endPass() }
    progress.place = try followed(next)
  }

  private func endPass() {
    progress.endPass(overlap: reading.since?.overlap ?? .zero, clock: passClock)
    hasPassed = true
    // Names that are gone would stand there for ever.
    if states.count == Self.statesMax { states.removeAll() }
  }

  private func fetch(_ address: String, _ client: HTTPClient) throws(ConnectorError) -> Transfer {
    for isLast in [false, true] {
      do throws(ConnectorError) {
        try authorizer.prepare(client)
        let transfer = client.transfer()
        fill(transfer, address)
        let answer = try client.send(transfer)
        if !isLast, answer.isAnswered, answer.status == 401, authorizer.wasRefused() { continue }
        return answer
      } catch {
        client.abandon()
        throw error
      }
    }
    throw ConnectorError("http.unauthorized", "\(reading.place) refuses every token.", remedy: .retry(after: nil))
  }

  private func fill(_ transfer: Transfer, _ address: String) {
    transfer.method = reading.method
    transfer.url.append(address)
    transfer.hasBody = reading.body != nil
    transfer.body.append(reading.body ?? "")
    for header in reading.headers { transfer.addHeader(header.name, header.value) }
    if progress.place == .first, progress.etagAddress == address, let etag = progress.etag {
      transfer.addHeader("If-None-Match", etag)
    }
    authorizer.authorize(transfer, signing: reading.headers)
  }

  private func check(_ answer: Transfer) throws(ConnectorError) {
    switch reading.rules.verdict(answer, isDelete: false) {
    case .stored: return
    case .later(let error), .stop(let error): throw error
    case .refused(let code, let message):
      throw ConnectorError(code, message + ".", remedy: .stop, hint: "Check url, headers and pages.")
    }
  }

  private func records(in answer: Transfer) throws(ConnectorError) -> [Int] {
    let isRead = !answer.isCut && (try? page.read(answer.answer.bytes)) != nil
    if isRead, let node = page.find(reading.records), let records = page.elements(of: node) { return records }
    let pointer = "/" + reading.records.joined(separator: "/")
    throw ConnectorError(
      "http.bad_answer",
      isRead
        ? "\(reading.place) answered JSON that holds no array at `\(reading.records.isEmpty ? "" : pointer)`."
        : "\(reading.place) answered something that is no JSON, or longer than \(Self.answerMax >> 20) MiB.",
      remedy: .stop, hint: "Set `records` to the JSON pointer of the array that holds the records.")
  }

  /// A page that is its own successor never ends.
  private func followed(_ next: Paging.Place) throws(ConnectorError) -> Paging.Place {
    let next = try resolved(next)
    if next != progress.place { return next }
    throw ConnectorError(
      "http.bad_answer", "\(reading.place) names a page as the one behind itself.", remedy: .stop,
      hint: "Check `pages`: the pointer may lead to the present page's cursor.")
  }

  /// A next page on another host would get what this one is shown.
  private func resolved(_ next: Paging.Place) throws(ConnectorError) -> Paging.Place {
    guard case .address(let text) = next, let base = URLParts(reading.url) else { return next }
    if let address = base.onSameHost(text) { return .address(address) }
    throw ConnectorError(
      "http.redirected", "\(reading.place) names a next page elsewhere: \(URLParts(text)?.shown ?? text).",
      remedy: .stop,
      hint: "Requests carry what proves who asks, so they stay with the host of url; set url to the other host.")
  }

  // MARK: - Records

  private func add(_ record: Int, to batch: Batch) throws(ConnectorError) {
    guard page.isObject(record) else {
      throw ConnectorError(
        "http.bad_answer", "\(reading.place) answered with a record that is no object.", remedy: .stop,
        hint: "Set `records` to the JSON pointer of the array that holds the records.")
    }
    let raw = page.batch.raw(page.batch.nodes[record])
    let hash = String(Digest.sha256Hex(raw).prefix(16))
    let key = text(reading.paths.key, record)
    let own = text(reading.paths.id, record)
    let time = reading.since.flatMap { page.text(page.find($0.at, from: record)) }
    let name = key ?? own ?? hash
    if time == nil {
      if states[name] == hash { return }
      // What is read once is not compared with a later poll.
      if reading.pollEvery != nil, states.count < Self.statesMax || states[name] != nil { states[name] = hash }
    } else if !progress.takes(name, time: time, state: hash) {
      return
    }
    let type = text(reading.paths.type, record)
    let operation = type.flatMap { reading.paths.operations[$0] } ?? (progress.passes == 0 ? .read : .update)
    let id = own ?? "\(name)@\(time ?? "")#\(hash)" + (time == nil ? "@\(progress.passes)" : "")
    EventFrames.append(
      EventFrames.Parts(
        operation: operation, id: id, key: keyObject(record), time: text(reading.paths.time, record) ?? time,
        type: type, source: reading.place, readAt: context.wallTime()),
      record: raw, to: batch)
  }

  private func text(_ pointer: EventPointer?, _ record: Int) -> String? {
    guard case .payload(let tokens)? = pointer else { return nil }
    return page.text(page.find(tokens, from: record))
  }

  private func keyObject(_ record: Int) -> String? {
    guard case .payload(let tokens)? = reading.paths.key, let name = tokens.last,
      let node = page.find(tokens, from: record)
    else { return nil }
    return "{\(Value.string(name).json):\(page.json(node))}"
  }
}
