import Records

extension DeadLetter {
  /// Appends it as one line of NDJSON.
  package func append(to out: inout ByteBuffer) {
    out.append("{")
    let names = fields
    for (index, field) in names.enumerated() {
      if index > 0 { out.append(",") }
      out.append(Value.string(field.name).json)
      out.append(":")
      out.append(field.json)
    }
    out.append("}\n")
  }

  /// Each with its JSON text, so that the event's own parts keep every digit.
  private var fields: [(name: String, json: String)] {
    var fields: [(String, Value)] = [
      ("id", .string(id)), ("pipeline", .string(pipeline)), ("fingerprint", .string(fingerprint)),
      ("time", .string(WallTime.text(time))), ("code", .string(code)), ("stage", .string(stage)),
      ("field", field.map { .string($0) } ?? .null), ("message", .string(message)), ("attempts", .int(Int64(attempts))),
      ("origin", .string(origin)), ("line", Value(line)), ("offset", Value(offset)), ("op", .string(operation.name)),
    ]
    fields += rawFields
    let event = [("key", key), ("record", record), ("before", before), ("meta", meta)]
    return fields.map { ($0, $1.json) } + event.map { ($0, $1 ?? "null") } + (types.map { [("types", $0)] } ?? [])
  }

  /// As text where it is text; otherwise in base64, so that no byte is lost.
  private var rawFields: [(String, Value)] {
    guard let raw else { return [] }
    if let text = String(validating: raw, as: UTF8.self) { return [("raw", .string(text))] }
    return [("raw_base64", .string(Base64.encode(raw)))]
  }
}

extension Value {
  fileprivate init(_ number: UInt64?) { self = number.map { .int(Int64(clamping: $0)) } ?? .null }
}
