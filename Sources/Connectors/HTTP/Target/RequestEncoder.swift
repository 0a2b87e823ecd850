import Records

/// Writes each row as a ``RequestFrame``.
final class RequestEncoder: Encoder {
  private let plan: RequestPlan
  private var view: RowView

  init(_ plan: RequestPlan) {
    self.plan = plan
    view = RowView(plan.columns, pipeline: plan.pipeline)
  }

  func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[index]
    if row.operation == .truncate {
      throw Refusal(code: "http.no_truncate", message: "no request stands for emptying a whole table")
    }
    if row.operation == .delete, plan.ignoresDeletes {
      batch.events[Int(row.event)].outcome = .filtered
      return
    }
    let start = payload.bytes.count
    do {
      try append(row, index, of: batch, to: &payload.bytes)
    } catch {
      payload.bytes.truncate(to: start)
      throw error
    }
    payload.rows.append(Payload.Entry(end: UInt64(payload.bytes.count), event: row.event, stream: row.stream))
  }

  private func append(
    _ row: Row, _ index: Int, of batch: Batch, to out: inout ByteBuffer
  ) throws(Refusal) {
    try view.set(index, of: batch)
    let number = RequestPlan.variant(of: view.operation(batch))
    let variant = plan.variants[number]
    let start = out.count
    RequestFrame.begin(&out)
    try append(variant.url, isAddress: true, "url", of: batch, to: &out)
    let url = out.count - start - RequestFrame.headBytes
    for header in variant.headers { try append(header.name, header.value, of: batch, to: &out) }
    if let event = plan.cloudEvent, event.mode == .binary { try appendHeaders(event, of: batch, to: &out) }
    let headers = out.count - start - RequestFrame.headBytes - url
    try append(variant.body, of: batch, to: &out)
    RequestFrame.finish(
      &out, at: start, keyHash: view.keyHash(batch), id: view.id, variant: number, url: url, headers: headers)
  }

  // MARK: - Address and headers

  /// - Parameter isAddress: whether values are encoded, and must not be empty: a path that ends early is another one.
  private func append(
    _ template: CompiledTemplate, isAddress: Bool, _ setting: String, of batch: Batch, to out: inout ByteBuffer
  ) throws(Refusal) {
    for part in template.parts {
      switch part {
      case .text(let text): out.append(text)
      case .field(let field, let name):
        let has = try view.withText(field, of: batch) { text throws(Refusal) in
          if isAddress { try Self.append(address: text, name, to: &out) } else { out.append(text) }
        }
        if !has && isAddress {
          throw Refusal(
            code: "http.field_missing", field: name, message: "`{\(name)}` in \(setting) has no text in this row")
        }
      }
    }
  }

  private static func append(
    address text: UnsafeRawBufferPointer, _ name: String, to out: inout ByteBuffer
  ) throws(Refusal) {
    if text.isEmpty {
      throw Refusal(code: "http.field_missing", field: name, message: "`{\(name)}` in url is empty in this row")
    }
    // Alone between slashes they would mean another path, encoded or not.
    if text.elementsEqual(".".utf8) || text.elementsEqual("..".utf8) {
      throw Refusal(
        code: "http.field_missing", field: name, message: "`{\(name)}` in url is a step in a path and no value")
    }
    PercentCode.append(text, to: &out)
  }

  private func append(
    _ name: String, _ value: CompiledTemplate, of batch: Batch, to out: inout ByteBuffer
  ) throws(Refusal) {
    out.append(name)
    out.append(": ")
    let start = out.count
    try append(value, isAddress: false, name, of: batch, to: &out)
    for byte in out.bytes[start...] where byte < 0x20 && byte != 0x09 || byte == 0x7f {
      throw Refusal(code: "http.bad_header", message: "the value of the header \(name) has control characters")
    }
    out.append("\r\n")
  }

  // MARK: - Body

  private func append(_ body: RequestPlan.Body, of batch: Batch, to out: inout ByteBuffer) throws(Refusal) {
    switch body {
    case .none: return
    case .form: try appendForm(of: batch, to: &out)
    case .json(let part):
      guard let event = plan.cloudEvent, event.mode != .binary else {
        _ = try view.append(part, of: batch, to: &out)
        return
      }
      try append(event, data: part, of: batch, to: &out)
    }
  }

  private func appendForm(of batch: Batch, to out: inout ByteBuffer) throws(Refusal) {
    var isFirst = true
    for (column, name) in plan.columns.names.enumerated() {
      let mark = out.count
      if !isFirst { out.append(UInt8(ascii: "&")) }
      out.append(PercentCode.encoded(name))
      out.append(UInt8(ascii: "="))
      let cell = batch.rows.cells[Int(batch.rows.rows[view.index].firstCell) + column]
      if cell.kind == .array || cell.kind == .object {
        throw Refusal(code: "http.no_form", field: name, message: "a form holds texts, and this is none")
      }
      let has = try view.withText(.column(column), of: batch) { text throws(Refusal) in
        PercentCode.append(text, to: &out)
      }
      if has || cell.kind == .null { isFirst = false } else { out.truncate(to: mark) }
    }
  }

  // MARK: - CloudEvents

  private func append(
    _ event: RequestPlan.CloudEvent, data: BodyPart, of batch: Batch, to out: inout ByteBuffer
  ) throws(Refusal) {
    out.append("{\"specversion\":\"1.0\",\"id\":")
    JSONText.quote(view.idempotencyKey, into: &out)
    for attribute in try attributes(event, of: batch) {
      out.append(",\"\(attribute.name)\":")
      JSONText.quote(attribute.value, into: &out)
    }
    out.append(",\"datacontenttype\":\"application/json\",\"data\":")
    if try !view.append(data, of: batch, to: &out) { out.append("null") }
    out.append("}")
  }

  /// Header values: what is beyond printable ASCII, and quotes, spaces and percent signs, are encoded.
  private func appendHeaders(
    _ event: RequestPlan.CloudEvent, of batch: Batch, to out: inout ByteBuffer
  ) throws(Refusal) {
    let fixed = [(name: "specversion", value: "1.0"), (name: "id", value: view.idempotencyKey)]
    for attribute in fixed + (try attributes(event, of: batch)) {
      out.append("ce-\(attribute.name): \(Self.headerValue(attribute.value))\r\n")
    }
  }

  static func headerValue(_ text: String) -> String {
    let kept = String(String.UnicodeScalarView((0x21...0x7e).map { Unicode.Scalar($0) }))
    return PercentCode.encoded(text, keeps: kept.filter { $0 != "\"" && $0 != "%" })
  }

  private func attributes(
    _ event: RequestPlan.CloudEvent, of batch: Batch
  ) throws(Refusal) -> [(name: String, value: String)] {
    var found = [
      (name: "source", value: try text(event.source, "cloudevents.source", batch)),
      (name: "type", value: try text(event.type, "cloudevents.type", batch)),
    ]
    if let subject = event.subject { found.append(("subject", try text(subject, "cloudevents.subject", batch))) }
    if let time = time(batch) { found.append(("time", time)) }
    return found
  }

  private func text(_ template: CompiledTemplate, _ setting: String, _ batch: Batch) throws(Refusal) -> String {
    var out = ByteBuffer()
    try append(template, isAddress: false, setting, of: batch, to: &out)
    guard !out.isEmpty else {
      throw Refusal(code: "http.field_missing", message: "\(setting) is empty for this row")
    }
    return out.text
  }

  /// When the event happened, where its source says so.
  private func time(_ batch: Batch) -> String? {
    let meta = batch.events[Int(batch.rows.rows[view.index].event)].meta
    guard meta != Event.none else { return nil }
    return batch.value(at: Int(meta))["time"]?.string
  }
}
