import Records

/// CloudEvents 1.0 over HTTP: binary, structured and batched.
struct CloudEventsEnvelope: Envelope {
  /// In the order in which the content type is looked at: the batch's name begins like the other's.
  static let batchType = "application/cloudevents-batch"
  static let structuredType = "application/cloudevents"

  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  /// In binary mode the payload is whatever the content type says.
  var isJSON: Bool { false }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    let type = header("content-type", message, builder, batch)?.lowercased() ?? ""
    if type.hasPrefix(Self.batchType) {
      let root = try builder.value(of: message, batch)
      guard batch.nodes[root].kind == .array else { throw .shape("CloudEvents", "a batch is an array") }
      builder.each(of: root, of: message, batch) { element, part throws(EnvelopeProblem) in
        try structured(element, of: message, part: part, builder, batch)
      }
    } else if type.hasPrefix(Self.structuredType) {
      try structured(builder.value(of: message, batch), of: message, part: nil, builder, batch)
    } else {
      try binary(message, contentType: type, builder, batch)
    }
  }

  private func header(_ name: String, _ message: Message, _ builder: EventBuilder, _ batch: Batch) -> String? {
    message.headers.flatMap { builder.text(builder.member(name, of: $0, batch), batch) }
  }

  /// The attributes that tell what an event is.
  private struct Attributes {
    var id: String
    var source: String
    var type: String
    var time: String?
    var schema: String?
    /// What Debezium's converter adds: the operation, and the table.
    var debezium: (operation: String, table: String?)?

    init(_ attribute: (String) -> String?) throws(EnvelopeProblem) {
      guard attribute("specversion") == "1.0" else {
        throw .shape(
          "CloudEvents", "its specversion is \(attribute("specversion").map { "`\($0)`" } ?? "missing"), not 1.0")
      }
      func required(_ name: String) throws(EnvelopeProblem) -> String {
        guard let text = attribute(name), !text.isEmpty else { throw .shape("CloudEvents", "it has no \(name)") }
        return text
      }
      id = try required("id")
      source = try required("source")
      type = try required("type")
      time = attribute("time")
      schema = attribute("dataschema")
      debezium = attribute("iodebeziumop").map { ($0, attribute("iodebeziumtable")) }
    }
  }

  private func binary(
    _ message: Message, contentType: String, _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) {
    let attributes = try Attributes { name in
      header("ce-" + name, message, builder, batch).flatMap(PercentText.decode)
    }
    let data: Int?
    if message.payload.isEmpty {
      data = nil
    } else if contentType.isEmpty || Self.isJSON(contentType) {
      data = try builder.value(of: message, batch)
    } else {
      data = opaque(message.payload, builder, batch)
    }
    try add(attributes, data, of: message, part: nil, raw: nil, headers: nil, builder, batch)
  }

  private func structured(
    _ root: Int, of message: Message, part: Int?, _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) {
    guard batch.nodes[root].kind == .object else { throw .notAnObject(batch.nodes[root].kind) }
    let attributes = try Attributes { builder.text(builder.member($0, of: root, batch), batch) }
    var data = builder.member("data", of: root, batch)
    if data == nil, let text = builder.text(builder.member("data_base64", of: root, batch), batch) {
      let contentType = builder.text(builder.member("datacontenttype", of: root, batch), batch)?.lowercased() ?? ""
      data = try decoded(text, contentType, builder, batch)
    }
    let headers = extensions(root, builder, batch)
    let raw = part.map { _ in builder.range(of: root, batch) }
    try add(attributes, data, of: message, part: part, raw: raw, headers: headers, builder, batch)
  }

  private func add(
    _ attributes: Attributes, _ data: Int?, of message: Message, part: Int?, raw: Range<Int>?, headers: Int?,
    _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) {
    var parts = EventParts(.update)
    parts.id = .text("\(attributes.source)#\(attributes.id)")
    parts.source = .text(attributes.source)
    parts.type = .text(attributes.type)
    parts.time = EventText(attributes.time)
    parts.schemaVersion = EventText(attributes.schema)
    parts.headers = headers
    parts.raw = raw
    if let debezium = attributes.debezium, let data, batch.nodes[data].kind == .object {
      guard let operation = DebeziumEnvelope.operation(debezium.operation) else {
        parts.isNotice = true
        return builder.add(parts, of: message, batch)
      }
      parts.operation = operation
      parts.table = EventText(debezium.table)
      DebeziumEnvelope.rows(DebeziumEnvelope.payload(data, builder, batch), &parts, builder, batch)
      if parts.record == nil { throw .shape("Debezium", "a change of kind `\(operation.name)` has no row") }
    } else {
      parts.record = data.map { builder.record($0, batch) } ?? emptyRecord(builder, batch)
    }
    let root = parts.record ?? 0
    builder.apply(pointers, to: &parts, in: root, headers: message.headers, part: part, batch)
    builder.add(parts, of: message, batch)
  }

  private func emptyRecord(_ builder: EventBuilder, _ batch: Batch) -> Int {
    let record = builder.open(batch)
    builder.close(record, batch)
    return record
  }

  /// The attributes as the headers that they would be in binary mode.
  private func extensions(_ root: Int, _ builder: EventBuilder, _ batch: Batch) -> Int {
    let names = builder.keys.snapshot
    let found = batch.children(of: root).filter { child in
      guard child.keyText == nil, builder.text(child.node, batch) != nil || isFlag(child.node, batch) else {
        return false
      }
      return !["data", "data_base64"].contains(names[batch.nodes[child.node].key])
    }
    let headers = builder.open(batch)
    for child in found {
      let name = names[batch.nodes[child.node].key]
      builder.add(name == "traceparent" ? name : "ce-" + name, textOf: child.node, batch)
    }
    builder.close(headers, batch)
    return headers
  }

  private func isFlag(_ node: Int, _ batch: Batch) -> Bool {
    batch.nodes[node].kind == .true || batch.nodes[node].kind == .false
  }

  // MARK: - Data

  static func isJSON(_ contentType: String) -> Bool {
    let media = contentType.prefix { $0 != ";" }.filter { $0 != " " }
    return media.hasSuffix("/json") || media.hasSuffix("+json")
  }

  private func decoded(
    _ base64: String, _ contentType: String, _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) -> Int {
    guard let bytes = Base64.decode(base64.utf8) else { throw .shape("CloudEvents", "data_base64 is no base64") }
    if Self.isJSON(contentType) {
      do throws(JSONProblem) { return try builder.read(text: bytes, of: batch) } catch { throw EnvelopeProblem(error) }
    }
    let start = batch.bytes.count
    bytes.withUnsafeBytes { batch.bytes.append($0) }
    return opaque(start..<batch.bytes.count, builder, batch)
  }

  /// Data that is no JSON: a record with its text, or its base64 where it is no text.
  private func opaque(_ range: Range<Int>, _ builder: EventBuilder, _ batch: Batch) -> Int {
    let bytes = Array(batch.bytes.bytes[range])
    let record = builder.open(batch)
    if let text = String(validating: bytes, as: UTF8.self) {
      builder.add("data", text: text, batch)
    } else {
      builder.add("data_base64", text: Base64.encode(bytes), batch)
    }
    builder.close(record, batch)
    return record
  }
}

/// The values of CloudEvents' headers: quoted or not, and percent-encoded once.
enum PercentText {
  /// nil where the text is not encoded UTF-8.
  static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(unquoted(text).utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Without the quotes of a quoted string, and the backslashes in it.
  private static func unquoted(_ text: String) -> String {
    guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
    var plain = ""
    var isEscaped = false
    for letter in text.dropFirst().dropLast() {
      if letter == "\\", !isEscaped {
        isEscaped = true
        continue
      }
      isEscaped = false
      plain.append(letter)
    }
    return plain
  }
}
