import CCurl
import Records

/// Why a request got no answer.
struct TransferFailure: Error, Equatable {
  enum Kind { case untrusted, badAddress, timedOut, unreachable }

  var kind: Kind
  /// For people, without a full stop.
  var text: String

  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}

/// One request and its answer; used again for request after request, so that nothing is set up twice.
///
/// Belongs to one lane.
final class Transfer {
  var method = "POST"
  /// Whether the body is sent, also where it is empty.
  var hasBody = true
  var url = ByteBuffer()
  var body = ByteBuffer()
  /// Lines, `Name: value`, each with its CR LF.
  private(set) var headers = ByteBuffer()

  /// What came back: the body, as far as it is kept.
  private(set) var answer = ByteBuffer()
  private(set) var isCut = false
  /// The lines of the answer's head.
  private var answerLines = ByteBuffer()
  /// nil where an answer came.
  private(set) var failure: TransferFailure?
  /// 0 where no answer came.
  private(set) var status = 0
  /// From the start to the last byte received, in microseconds.
  private(set) var microseconds = 0
  /// The most of an answer's body that is kept, in bytes.
  let answerMax: Int
  /// What its owner calls it.
  var tag = 0

  init(answerMax: Int) { self.answerMax = answerMax }

  /// A request that was answered, whatever it heard.
  var isAnswered: Bool { failure == nil }

  // MARK: - Request

  /// Forgets the request before.
  func reset() {
    method = "POST"
    hasBody = true
    url.removeAll()
    headers.removeAll()
    // What a large request took is given back.
    body.shrink(to: 1 << 20)
    answer.shrink(to: 1 << 20)
  }

  /// A line break in the value, which would begin another header, is left out.
  func addHeader(_ name: String, _ value: String) {
    headers.append(name)
    headers.append(": ")
    let isOneLine = !value.utf8.contains { $0 == 0x0d || $0 == 0x0a }
    headers.append(isOneLine ? value : value.filter { !$0.isNewline })
    headers.append("\r\n")
  }

  /// - Parameter value: appends what has no line break.
  func addHeader(_ name: String, _ value: (inout ByteBuffer) -> Void) {
    headers.append(name)
    headers.append(": ")
    value(&headers)
    headers.append("\r\n")
  }

  /// Whole lines, each with its CR LF.
  func addHeaders(_ lines: UnsafeRawBufferPointer) { headers.append(lines) }

  // MARK: - Answer, filled by who carries it

  func began() {
    answer.removeAll()
    answerLines.removeAll()
    isCut = false
    failure = nil
    (status, microseconds) = (0, 0)
  }

  /// A head begins; one that came before it does not count.
  func receive(head lines: UnsafeRawBufferPointer) {
    answerLines.removeAll()
    answerLines.append(lines)
  }

  /// One more line of the head.
  func receive(line: UnsafeRawBufferPointer) { answerLines.append(line) }

  func receive(_ bytes: UnsafeRawBufferPointer) {
    let room = answerMax - answer.count
    if bytes.count > room { isCut = true }
    answer.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(room)))
  }

  func ended(status: Int, microseconds: Int) { (self.status, self.microseconds) = (status, microseconds) }

  func failed(_ failure: TransferFailure) { self.failure = failure }

  // MARK: - What the answer's head says

  /// The last header of that name; nil where there is none.
  ///
  /// - Parameter name: in lower case.
  func header(_ name: StaticString) -> String? { values(name).last }

  private func values(_ name: StaticString) -> [String] {
    var found: [String] = []
    for line in answerLines.bytes.split(separator: 0x0a) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
        HTTPRequest.isEqual(answerLines.bytes, line.startIndex..<colon, name)
      else { continue }
      var value = line[(colon + 1)...]
      while let first = value.first, first <= 0x20 { value = value.dropFirst() }
      while let last = value.last, last <= 0x20 { value = value.dropLast() }
      found.append(String(decoding: value, as: UTF8.self))
    }
    return found
  }

  /// Every header of that name, with commas between as if they were one; nil where there is none.
  func headers(_ name: StaticString) -> String? {
    let values = values(name)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }

  /// Where the same request is to be sent instead, if that is on the same host.
  var redirection: String? {
    guard isAnswered, method == "GET" ? [301, 302, 303, 307, 308].contains(status) : [307, 308].contains(status)
    else { return nil }
    return header("location").flatMap { URLParts(url.text)?.onSameHost($0) }
  }

  /// How long the server asked to be left alone, in either of the header's forms; a time counts from the server's clock.
  var retryAfter: Duration? {
    guard let text = header("retry-after") else { return nil }
    if let seconds = Int64(text) { return seconds > 0 ? .seconds(min(seconds, 1 << 32)) : nil }
    guard let time = Self.time(text), let now = header("date").flatMap({ Self.time($0) }), time > now else {
      return nil
    }
    return .seconds(time - now)
  }

  /// What the server's clock said, in milliseconds since 1970.
  var date: Int64? { header("date").flatMap { Self.time($0) }.map { $0 * 1_000 } }

  /// A date of HTTP, in seconds since 1970.
  static func time(_ text: String) -> Int64? {
    let seconds = curl_getdate(text, nil)
    return seconds >= 0 ? Int64(seconds) : nil
  }
}
