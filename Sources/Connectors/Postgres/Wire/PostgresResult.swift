import CPQ

/// What a statement gave; its memory is libpq's and freed with it.
struct PostgresResult: ~Copyable {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { PQclear(handle) }

  var status: ExecStatusType { PQresultStatus(handle) }
  var count: Int { Int(PQntuples(handle)) }

  /// How many rows the statement changed; 0 for those that change none.
  var affected: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

  /// nil for NULL.
  func text(_ row: Int, _ column: Int) -> String? {
    if PQgetisnull(handle, Int32(row), Int32(column)) != 0 { return nil }
    guard let bytes = PQgetvalue(handle, Int32(row), Int32(column)) else { return nil }
    return String(cString: bytes)
  }

  /// All rows, as text.
  var rows: [[String?]] {
    let columns = Int(PQnfields(handle))
    return (0..<count).map { row in (0..<columns).map { text(row, $0) } }
  }

  /// The error that it stands for; nil for success.
  var error: PostgresError? {
    switch status {
    case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: break
    default: return nil
    }
    var error = PostgresError(
      state: field("C") ?? "", message: field("M") ?? Self.line(String(cString: PQresultErrorMessage(handle))))
    error.detail = field("D")
    error.constraint = field("n")
    let context = field("W") ?? ""
    error.copyLine = Self.copyLine(context)
    error.column = field("c") ?? Self.copyColumn(context)
    return error
  }

  /// A field of the server's report by its letter in the protocol.
  private func field(_ letter: Character) -> String? {
    guard let code = letter.asciiValue, let text = PQresultErrorField(handle, Int32(code)) else { return nil }
    return String(cString: text)
  }

  /// On one line, without the space around it.
  static func line(_ text: String) -> String {
    text.split { $0 == "\n" }.joined(separator: " ")
  }

  /// From `COPY stage, line 17, column price: "abc"`, as a server that speaks English says it.
  private static func copyLine(_ context: String) -> Int? {
    guard context.hasPrefix("COPY "), let part = context.firstRange(of: ", line ") else { return nil }
    return Int(context[part.upperBound...].prefix { $0.isNumber })
  }

  private static func copyColumn(_ context: String) -> String? {
    guard context.hasPrefix("COPY "), let part = context.firstRange(of: ", column ") else { return nil }
    let rest = context[part.upperBound...]
    // In the binary form no value follows.
    return String(rest[..<(rest.firstRange(of: ": ")?.lowerBound ?? rest.endIndex)])
  }
}
