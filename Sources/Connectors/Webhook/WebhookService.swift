import ConnectorKit
import Records

/// What becomes of a body that is no JSON although it should be.
enum BadJSON: String, SettingChoice {
  /// The caller hears 400, and nothing is stored.
  case refuse
  /// It is stored, and becomes a dead letter.
  case deadLetter = "dead_letter"
}

/// Serves one path: checks who posts and what, and appends it to the log. An answer of 2xx comes when it is durable.
final class WebhookService: HTTPService {
  struct Rules: Sendable {
    var format: MessageFormat
    var verifier: Verifier?
    var sns: SNSVerifier?
    var badJSON: BadJSON
    var headers: KeptHeaders
    var bodyBytesMax: Int
  }

  let number: Int
  private let rules: Rules
  private let log: LogWriter
  private let wallTime: @Sendable () -> Int64

  init(_ number: Int, _ rules: Rules, _ log: LogWriter, wallTime: @escaping @Sendable () -> Int64) {
    self.number = number
    self.rules = rules
    self.log = log
    self.wallTime = wallTime
  }

  var bodyBytesMax: Int { rules.bodyBytesMax }

  func refusal(of head: HTTPRequest, _ bytes: borrowing ByteBuffer) -> HTTPResponse? {
    switch head.method {
    case .post, .put: break
    // CloudEvents' web hooks: the sender asks whether it may post here.
    case .options where rules.format == .cloudevents: return permission(head, bytes)
    default: return HTTPResponse(405, "events are posted here", allow: "POST, PUT")
    }
    if let encoding = head.value("content-encoding", in: bytes.bytes),
      !HTTPRequest.isEqual(bytes.bytes, encoding, "gzip"), !HTTPRequest.isEqual(bytes.bytes, encoding, "identity")
    {
      return HTTPResponse(415, "the only content encoding that is known is gzip")
    }
    return rules.verifier?.refusal(of: head, bytes)
  }

  private func permission(_ head: HTTPRequest, _ bytes: borrowing ByteBuffer) -> HTTPResponse {
    let origin = Verifier.text("webhook-request-origin", head, bytes) ?? "*"
    return HTTPResponse(
      status: 200, headers: [("webhook-allowed-origin", origin), ("webhook-allowed-rate", "*"), ("allow", "POST")])
  }

  func serve(_ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ tools: ServiceTools) -> Served {
    if let problem = rules.verifier?.problem(request, bytes, now: wallTime()) {
      return .answer(HTTPResponse(401, problem))
    }
    if let sns = rules.sns, let answer = sns.answer(UnsafeRawBufferPointer(rebasing: bytes.bytes[request.body])) {
      return .answer(answer)
    }
    tools.attributes.removeAll()
    rules.headers.append(request, bytes.bytes, to: &tools.attributes)
    guard let encoding = request.value("content-encoding", in: bytes.bytes),
      HTTPRequest.isEqual(bytes.bytes, encoding, "gzip")
    else { return take(bytes, request.body, request, bytes, tools) }
    do throws(HTTPRefusal) {
      try unpack(UnsafeRawBufferPointer(rebasing: bytes.bytes[request.body]), tools)
    } catch {
      return .answer(HTTPResponse(error.status, error.message))
    }
    return take(tools.plain, 0..<tools.plain.count, request, bytes, tools)
  }

  private func take(
    _ content: borrowing ByteBuffer, _ body: Range<Int>, _ request: HTTPRequest, _ bytes: borrowing ByteBuffer,
    _ tools: ServiceTools
  ) -> Served {
    if rules.badJSON == .refuse, mustBeJSON(request, bytes, body), let problem = tools.problem(content, body) {
      return .answer(
        HTTPResponse(400, "the body is no JSON: \(problem.reason.rawValue), at byte \(problem.offset + 1)"))
    }
    let payload = UnsafeRawBufferPointer(rebasing: content.bytes[body])
    guard let ticket = log.append(attributes: tools.attributes.bytes, payload: payload) else {
      return .answer(
        HTTPResponse(503, "more events come than can be stored now", retryAfter: ServerLimits.retryAfter))
    }
    return .waits(ticket: ticket)
  }

  func settle() { log.commit() }

  private func mustBeJSON(_ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ body: Range<Int>) -> Bool {
    switch rules.format {
    case .debezium: return !body.isEmpty
    case .cloudevents:
      let type = Verifier.text("content-type", request, bytes)?.lowercased() ?? ""
      return CloudEventsEnvelope.isJSON(type) && !(body.isEmpty && Verifier.text("ce-id", request, bytes) != nil)
    default: return true
    }
  }

  /// Unpacks gzip, and no more than a body may have.
  private func unpack(_ packed: UnsafeRawBufferPointer, _ tools: ServiceTools) throws(HTTPRefusal) {
    tools.plain.shrink(to: 1 << 20)
    let gzip = GzipDecompressor()
    var rest = packed
    var isWhole = false
    do throws(CompressionError) {
      while !rest.isEmpty || !isWhole {
        tools.plain.reserve(64 << 10)
        let room = UnsafeMutableRawBufferPointer(start: tools.plain.end, count: 64 << 10)
        let step = try gzip.step(rest, into: room)
        tools.plain.advance(by: step.produced)
        rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
        isWhole = step.isBetweenFrames
        if tools.plain.count > rules.bodyBytesMax { break }
        if step.consumed == 0, step.produced == 0 { break }
      }
    } catch {
      throw HTTPRefusal(400, "the body is no gzip: \(error.message)")
    }
    if tools.plain.count > rules.bodyBytesMax {
      throw HTTPRefusal(413, "the unpacked body is longer than \(rules.bodyBytesMax) bytes")
    }
    if !isWhole { throw HTTPRefusal(400, "the packed body ends in the middle") }
  }
}
