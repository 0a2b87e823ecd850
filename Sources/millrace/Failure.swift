import ConnectorKit
import Flows
import Glibc
import Records
import Status

/// Why a command did not do what it was asked, for a stranger at night.
struct Failure: Error {
  /// A stable code, known to `millrace explain`; nil where the message says it all.
  var code: String?
  var message: String
  var hint: String?
  var exit: ExitStatus
  /// Where in an expression.
  var place: MarkedPlace?
  /// Whether people have read it already, as a diagnostic with its place.
  var isTold = false
  /// Whether it is only worth saying and stops nothing.
  var isWarning = false

  init(_ code: String?, _ message: String, hint: String? = nil, exit: ExitStatus) {
    self.code = code
    self.message = message
    self.hint = hint
    self.exit = exit
  }

  init(_ error: FlowError, signal: Int32? = nil) {
    self.init(error.code, error.message, hint: error.hint, exit: ExitStatus(error.exit, signal: signal))
  }

  init(_ error: ConnectorError) {
    self.init(error.code, error.message, hint: error.hint, exit: .surroundings)
  }

  init(_ error: FileError) { self.init(error.connectorError) }
}

extension Failure {
  /// - Parameter subject: the pipeline that it is about.
  func text(_ style: Style, subject: String? = nil) -> String {
    if isTold { return code.map { "  \(style.dim("more:")) millrace explain \($0)" } ?? "" }
    let tag = code.map { "[\($0)]" } ?? ""
    let mark = isWarning ? style.warning("warning" + tag) : style.error("error" + tag)
    var lines = ["\(mark): \(subject.map { "\($0): " } ?? "")\(message.oneLine)"]
    lines += place?.lines ?? []
    if let hint { lines.append("  \(style.dim("help:")) \(hint.oneLine)") }
    if let code { lines.append("  \(style.dim("more:")) millrace explain \(code)") }
    return lines.joined(separator: "\n")
  }

  var json: Value {
    var members: [Value.Member] = [
      .init("code", code.map { .string($0) } ?? .null), .init("message", .string(message)),
      .init("hint", hint.map { .string($0) } ?? .null),
    ]
    if let place { members += [.init("line", .int(Int64(place.line))), .init("column", .int(Int64(place.column)))] }
    return ["error": .object(members)]
  }

  /// Tells people, and machines where they asked, and ends the program.
  func end(json: Bool) -> Never {
    tell(json: json, style: Environment.style)
    Glibc.exit(exit.code)
  }

  func tell(json: Bool, style: Style) {
    if json { Output.answer(self.json.json) }
    Output.write(text(style) + "\n", to: STDERR_FILENO)
  }
}
