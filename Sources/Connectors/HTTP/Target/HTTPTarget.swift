import ConnectorKit
import Records
import Synchronization

/// Sends rows as requests, several at once, from its own lane.
///
/// `@unchecked Sendable`: all calls come from the target's lane, one at a time; the plan is made once before rows come.
final class HTTPTarget: ParkingTarget, @unchecked Sendable {
  /// The most of an answer that is looked at, in bytes.
  private static let answerMax = 256 << 10

  private let settings: HTTPTargetConnector
  private let context: Context
  private let reader: AnswerReader
  private let authorizer: Authorizer
  private let idempotencyHeader: String?
  private var limit: AdaptiveLimit
  private var plan: RequestPlan?
  private var client: HTTPClient?
  /// A write that was not settled: the engine gives the same payloads again.
  private var unsettled: Write?
  /// Whether a server refused a token that another may replace.
  private var needsToken = false

  /// The rows of a write, and how far they are.
  private struct Write {
    var payloads: [Payload]
    var places: [RowPlace]
    var deliveries: Deliveries
    /// Rows of keys that wait.
    var withheld: [Parked]

    /// Whether these are its rows: what was stored of other ones says nothing about them.
    func isOf(_ others: [Payload]) -> Bool { payloads.elementsEqual(others) { $0 === $1 } }

    func bytes(_ row: Int) -> UnsafeRawBufferPointer { payloads[places[row].payload].bytes.bytes }

    func frame(_ row: Int) -> RequestFrame { RequestFrame(of: places[row].row, in: payloads[places[row].payload]) }

    /// What became of them, once a round has ended without a failure.
    var written: Written {
      var written = Written()
      written.rejections = deliveries.refused.map {
        Rejection(place: places[$0.row], code: $0.code, message: $0.message)
      }
      written.parked = withheld
      for parked in deliveries.parked {
        written.parked.append(Parked(places[parked.row], key: frame(parked.row).keyHash, error: parked.error))
      }
      return written
    }
  }

  init(_ settings: HTTPTargetConnector, _ context: Context) {
    self.settings = settings
    self.context = context
    reader = AnswerReader(settings.answers, place: settings.place)
    authorizer = Authorizer(settings.auth, wallTime: context.wallTime)
    idempotencyHeader = settings.idempotencyHeader == "none" ? nil : settings.idempotencyHeader
    limit = AdaptiveLimit(max: settings.requestsAtOnce)
  }

  var rowsAtOnce: Int { settings.requestsAtOnce * settings.rowsPerRequest }

  func open(at mark: Value?) throws(ConnectorError) -> Position? {
    unsettled = nil
    let own = settings.client(context)
    client = try HTTPClient(
      own, requestsMax: settings.requestsAtOnce, answerMax: Self.answerMax,
      by: .choose(settings.addresses, own, isProxied: context.namesProxy))
    return nil
  }

  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    let plan = try RequestPlan(
      settings, columns, pipeline: context.pipeline + (context.repair.map { "#" + $0 } ?? ""))
    if self.plan == nil, columns.key.isEmpty, settings.requestsAtOnce > 1 {
      context.note(
        "The target names no `key`, so requests go one after the other, in the order of the events.")
    }
    self.plan = plan
    return RequestEncoder(plan)
  }

  func flush() -> Value? { nil }

  func finish() {}

  func close() {
    client = nil
    unsettled = nil
  }

  // MARK: - Writing

  func write(_ payloads: [Payload]) throws(ConnectorError) -> Written {
    let write = try send(payloads, withholding: [])
    guard let error = write.written.parked.lazy.compactMap(\.error).first else { return write.written }
    unsettled = write
    throw error
  }

  func write(_ payloads: [Payload], withholding keys: Set<UInt64>) throws(ConnectorError) -> Written {
    try send(payloads, withholding: keys).written
  }

  private func send(_ payloads: [Payload], withholding keys: Set<UInt64>) throws(ConnectorError) -> Write {
    guard let client, let plan else {
      throw ConnectorError("http.not_open", "The target was written to before it was opened.", remedy: .stop)
    }
    var write = unsettled.flatMap { $0.isOf(payloads) ? $0 : nil } ?? Self.gather(payloads, plan, keys)
    unsettled = nil
    repeat {
      needsToken = false
      write.deliveries.begin()
      do throws(ConnectorError) {
        try authorizer.prepare(client)
        try send(&write, client, plan)
      } catch {
        client.abandon()
        throw error
      }
    } while needsToken
    if let failure = write.deliveries.failure {
      unsettled = write
      throw failure
    }
    return write
  }

  private static func gather(_ payloads: [Payload], _ plan: RequestPlan, _ keys: Set<UInt64>) -> Write {
    let count = payloads.reduce(0) { $0 + $1.rows.count }
    var (places, lines) = ([RowPlace](), [Deliveries.Line]())
    places.reserveCapacity(count)
    lines.reserveCapacity(count)
    var withheld: [Parked] = []
    for (index, payload) in payloads.enumerated() {
      for row in payload.rows.indices {
        let frame = RequestFrame(of: row, in: payload)
        if frame.hasKey, keys.contains(frame.keyHash) {
          withheld.append(Parked(RowPlace(payload: index, row: row), key: frame.keyHash))
          continue
        }
        places.append(RowPlace(payload: index, row: row))
        lines.append(Deliveries.Line(key: frame.hasKey ? frame.keyHash : nil, group: 0))
      }
    }
    if plan.rowsPerRequest > 1 { group(&lines, places, payloads) }
    let deliveries = Deliveries(lines, rowsMax: plan.rowsPerRequest)
    return Write(payloads: payloads, places: places, deliveries: deliveries, withheld: withheld)
  }

  /// Rows go together whose requests differ in nothing but the body.
  private static func group(
    _ lines: inout [Deliveries.Line], _ places: [RowPlace], _ payloads: [Payload]
  ) {
    var known: [[UInt8]: Int] = [:]
    for row in lines.indices {
      let payload = payloads[places[row].payload]
      let bytes = payload.bytes.bytes
      let frame = RequestFrame(of: places[row].row, in: payload)
      let head = [UInt8(frame.variant)] + bytes[frame.url.lowerBound..<frame.headers.upperBound]
      lines[row].group = known[head] ?? known.count
      known[head] = lines[row].group
    }
  }

  private func send(_ write: inout Write, _ client: HTTPClient, _ plan: RequestPlan) throws(ConnectorError) {
    while true {
      while client.underWay < limit.current, let request = write.deliveries.next() {
        let transfer = client.transfer()
        fill(transfer, with: write.deliveries.rows(of: request), of: write, plan)
        transfer.tag = request
        client.start(transfer)
      }
      if client.underWay == 0 { return }
      var ended: [(request: Int, verdict: Verdict)] = []
      let underWay = client.underWay
      try client.wait { transfer in
        let first = write.frame(write.deliveries.rows(of: transfer.tag).lowerBound)
        let isDelete = plan.variants[first.variant].isDelete
        ended.append((transfer.tag, hear(transfer, isDelete: isDelete, underWay: underWay)))
      }
      for end in ended { write.deliveries.answered(end.request, end.verdict) }
    }
  }

  /// What the answer means for the rows, and for how many requests are sent at once.
  private func hear(_ transfer: Transfer, isDelete: Bool, underWay: Int) -> Verdict {
    if transfer.isAnswered, transfer.status == 401, authorizer.wasRefused() {
      needsToken = true
      return .later(ConnectorError("http.unauthorized", "The token was refused.", remedy: .retry(after: nil)))
    }
    let verdict = reader.verdict(transfer, isDelete: isDelete)
    switch verdict {
    case .later: limit.overloaded()
    default: limit.answered(microseconds: transfer.microseconds, underWay: underWay)
    }
    return verdict
  }

  // MARK: - Requests

  private func fill(_ transfer: Transfer, with rows: Range<Int>, of write: borrowing Write, _ plan: RequestPlan) {
    let first = write.frame(rows.lowerBound)
    let variant = plan.variants[first.variant]
    let head = write.bytes(rows.lowerBound)
    transfer.method = variant.method
    transfer.url.append(UnsafeRawBufferPointer(rebasing: head[first.url]))
    append(rows, of: write, as: variant, to: transfer)
    variant.fixedLines.withUnsafeBytes { transfer.addHeaders($0) }
    transfer.addHeaders(UnsafeRawBufferPointer(rebasing: head[first.headers]))
    if let idempotencyHeader {
      let id = rows.count == 1 ? first.id : IdempotencyKey.id(of: rows.map { write.frame($0).id })
      transfer.addHeader(idempotencyHeader) { IdempotencyKey.append(id, to: &$0) }
    }
    authorizer.authorize(transfer, signing: variant.fixed)
  }

  private func append(
    _ rows: Range<Int>, of write: borrowing Write, as variant: RequestPlan.Variant, to transfer: Transfer
  ) {
    if case .none = variant.body { return transfer.hasBody = false }
    variant.around.before.withUnsafeBytes { transfer.body.append($0) }
    for row in rows {
      if row > rows.lowerBound { transfer.body.append(UInt8(ascii: ",")) }
      transfer.body.append(UnsafeRawBufferPointer(rebasing: write.bytes(row)[write.frame(row).body]))
    }
    variant.around.behind.withUnsafeBytes { transfer.body.append($0) }
  }
}
