/// The formats that can be asserted.
enum Format: String, BitwiseCopyable, Sendable, CaseIterable {
  case dateTime = "date-time"
  case date, time, duration
  case email
  case idnEmail = "idn-email"
  case hostname, ipv4, ipv6
  case uri
  case uriReference = "uri-reference"
  case iri
  case iriReference = "iri-reference"
  case uriTemplate = "uri-template"
  case uuid
  case jsonPointer = "json-pointer"
  case relativeJSONPointer = "relative-json-pointer"
  case regex

  /// Whether a text, in UTF-8, has the format.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    var scan = TextScan(text)
    return switch self {
    case .dateTime: scan.dateTime() && scan.isAtEnd
    case .date: scan.date() && scan.isAtEnd
    case .time: scan.time() && scan.isAtEnd
    case .duration: scan.duration() && scan.isAtEnd
    case .email: scan.mailbox(international: false) && scan.isAtEnd
    case .idnEmail: scan.mailbox(international: true) && scan.isAtEnd
    case .hostname: scan.hostname() && scan.isAtEnd
    case .ipv4: scan.ipv4() && scan.isAtEnd
    case .ipv6: scan.ipv6() && scan.isAtEnd
    case .uri: scan.uri(international: false, relative: false) && scan.isAtEnd
    case .uriReference: scan.uri(international: false, relative: true) && scan.isAtEnd
    case .iri: scan.uri(international: true, relative: false) && scan.isAtEnd
    case .iriReference: scan.uri(international: true, relative: true) && scan.isAtEnd
    case .uriTemplate: scan.uriTemplate() && scan.isAtEnd
    case .uuid: scan.uuid() && scan.isAtEnd
    case .jsonPointer: scan.jsonPointer() && scan.isAtEnd
    case .relativeJSONPointer: scan.relativeJSONPointer() && scan.isAtEnd
    case .regex: (try? ECMAPattern(String(decoding: text, as: UTF8.self))) != nil
    }
  }
}
