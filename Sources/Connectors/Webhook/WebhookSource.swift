import ConnectorKit
import Records
import Synchronization

/// How a path is served.
struct WebhookServing: Sendable {
  var address: ListenAddress
  var path: String
  var log: String
  var retention: LogRetention
  var tls: ServerTLS?
  /// Where the files of TLS lie.
  var folder: String
  var loops: Int
  var rules: WebhookService.Rules
}

/// A server that appends what is posted to a log, and the source that reads that log.
///
/// A caller is answered when its event is durable in the log; behind it the log is read like any other (Invariant 1), so
/// a target that is away holds up the reading, not the callers.
actor WebhookSource: Source {
  /// How often old segments are looked for, in milliseconds.
  private static let tidyEvery: Int64 = 60_000

  private let serving: WebhookServing
  private let reader: LogSource
  private let context: Context
  private var service: WebhookService?
  private var log: LogWriter?
  private var tidiedAt: Int64 = 0

  init(_ serving: WebhookServing, _ reading: LogReading, _ context: Context) {
    self.serving = serving
    reader = LogSource(reading, context)
    self.context = context
  }

  func open(at position: Position?) async throws(ConnectorError) {
    let number = ServiceNumber.next()
    let answers = Answers(number, context)
    // The log first: it cuts off what a crash tore before anybody reads it.
    let log = try openLog(answers)
    do throws(ConnectorError) {
      let place = try position.flatMap { position throws(ConnectorError) in
        position == .start ? nil : try LogPlace(position)
      }
      log.keep(from: place?.offset ?? 0)
      try await reader.open(at: position)
      let service = WebhookService(number, serving.rules, log, wallTime: context.wallTime)
      try answers.begin { () throws(ConnectorError) in
        try WebhookServers.shared.serve(
          service, path: serving.path, on: serving.address, serving.tls, folder: serving.folder, loops: serving.loops)
      }
      self.service = service
    } catch {
      log.close()
      throw error
    }
    self.log = log
    let scheme = serving.tls == nil ? "http" : "https"
    context.note("Listening on \(scheme)://\(serving.address.text)\(serving.path).")
  }

  private func openLog(_ answers: Answers) throws(ConnectorError) -> LogWriter {
    do throws(LogError) {
      return try LogWriter(serving.log, serving.retention, wallTime: context.wallTime) { answers.heard($0) }
    } catch {
      throw error.connectorError
    }
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    let next = try await reader.next(into: batch)
    let now = context.wallTime()
    if now - tidiedAt >= Self.tidyEvery {
      tidiedAt = now
      do throws(LogError) { try log?.tidy() } catch { throw error.connectorError }
    }
    return next
  }

  nonisolated func makeDecoder() -> any Decoder { reader.makeDecoder() }

  /// What is safe downstream may go when room or time asks for it.
  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {
    guard let last = positions.last, last != .start else { return }
    log?.keep(from: try LogPlace(last).offset)
  }

  func extent() async -> Extent? { await reader.extent() }

  /// Answers all who wait before it lets go.
  func close() async {
    guard let service else { return await reader.close() }
    self.service = nil
    // Who has posted is answered while the server still runs.
    log?.close()
    log = nil
    WebhookServers.shared.remove(service, from: serving.address)
    serving.rules.sns?.stop()
    await reader.close()
  }
}

/// Tells the callers what became of their events, and the operator when the log begins and ceases to fail.
private final class Answers: Sendable {
  private let number: Int
  private let server = Mutex<HTTPServer?>(nil)
  private let code = Mutex<String?>(nil)
  private let context: Context

  init(_ number: Int, _ context: Context) {
    self.number = number
    self.context = context
  }

  /// Starts the server; what is settled meanwhile waits until it is known.
  func begin(_ start: () throws(ConnectorError) -> HTTPServer) throws(ConnectorError) {
    try server.withLock { server throws(ConnectorError) in server = try start() }
  }

  func heard(_ group: LogWriter.Settled) {
    let answer =
      group.error == nil
      ? HTTPResponse.accepted
      : HTTPResponse(503, "the event could not be stored; send it again", retryAfter: ServerLimits.retryAfter)
    server.withLock { $0 }?.settle(service: number, end: group.tickets.upperBound, answer)
    tell(group.error?.connectorError)
  }

  /// Not at each event.
  private func tell(_ error: ConnectorError?) {
    let before = code.withLock { code in
      defer { code = error?.code }
      return code
    }
    guard before != error?.code else { return }
    guard let error else { return context.note("The log can be written again.") }
    context.warn("\(error.message) Callers hear 503 and send again.")
  }
}
