import Records

/// Amazon SNS over HTTP: the record is the message's text, read as JSON.
struct SNSEnvelope: Envelope {
  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    let root = try builder.value(of: message, batch)
    let text = { (name: String) in builder.text(builder.member(name, of: root, batch), batch) }
    // With raw delivery the payload is the message itself, and the rest stands in headers.
    guard let kind = text("Type"), text("TopicArn") != nil else {
      return try add(root, root, isRaw: true, of: message, builder, batch)
    }
    switch kind {
    case "Notification":
      guard let content = text("Message") else { throw .shape("SNS", "it has no Message") }
      try add(builder.json(content, batch), root, isRaw: false, of: message, builder, batch)
    case "SubscriptionConfirmation":
      throw EnvelopeProblem(
        "envelope.sns_unconfirmed",
        "SNS asks whether this address may be subscribed to \(text("TopicArn") ?? "a topic"); opening the SubscribeURL of this "
          + "record confirms it")
    default:
      var parts = EventParts(.read)
      parts.isNotice = true
      builder.add(parts, of: message, batch)
    }
  }

  private func add(
    _ content: Int, _ root: Int, isRaw: Bool, of message: Message, _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) {
    let headers = message.headers
    var parts = EventParts(.update, record: builder.record(content, batch))
    if isRaw {
      parts.id = EventText(headers.flatMap { builder.member("x-amz-sns-message-id", of: $0, batch) })
      parts.source = EventText(headers.flatMap { builder.member("x-amz-sns-topic-arn", of: $0, batch) })
    } else {
      parts.id = EventText(builder.member("MessageId", of: root, batch))
      parts.source = EventText(builder.member("TopicArn", of: root, batch))
      parts.type = EventText(
        builder.member("Subject", of: root, batch).flatMap { builder.isNull($0, batch) ? nil : $0 })
      parts.time = EventText(builder.member("Timestamp", of: root, batch))
    }
    builder.apply(pointers, to: &parts, in: parts.record ?? content, headers: headers, batch)
    builder.add(parts, of: message, batch)
  }
}

/// Google Pub/Sub push: the record is the message's data, read as JSON; its attributes stand in `meta.headers`.
struct PubSubEnvelope: Envelope {
  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    let root = try builder.value(of: message, batch)
    guard let inner = builder.member("message", of: root, batch), batch.nodes[inner].kind == .object else {
      throw .shape("Pub/Sub", "it has no `message`")
    }
    let encoded = builder.text(builder.member("data", of: inner, batch), batch) ?? ""
    guard let bytes = Base64.decode(encoded.utf8) else { throw .shape("Pub/Sub", "its data is no base64") }
    var parts = EventParts(.update)
    if bytes.isEmpty {
      parts.record = builder.open(batch)
      parts.record.map { builder.close($0, batch) }
    } else {
      parts.record = builder.record(builder.json(String(decoding: bytes, as: UTF8.self), batch), batch)
    }
    parts.id = EventText(
      builder.member("messageId", of: inner, batch) ?? builder.member("message_id", of: inner, batch))
    parts.source = EventText(builder.member("subscription", of: root, batch))
    parts.time = EventText(builder.member("publishTime", of: inner, batch))
    parts.headers = builder.member("attributes", of: inner, batch).flatMap {
      batch.nodes[$0].kind == .object ? $0 : nil
    }
    let headers = parts.headers ?? message.headers
    builder.apply(pointers, to: &parts, in: parts.record ?? root, headers: headers, batch)
    builder.add(parts, of: message, batch)
  }
}

/// Amazon EventBridge's events, as its API destinations post them: the record is the detail.
struct EventBridgeEnvelope: Envelope {
  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    let root = try builder.value(of: message, batch)
    guard let detail = builder.member("detail", of: root, batch) else {
      throw .shape("EventBridge", "it has no `detail`")
    }
    var parts = EventParts(.update, record: builder.record(detail, batch))
    parts.id = EventText(builder.member("id", of: root, batch))
    parts.type = EventText(builder.member("detail-type", of: root, batch))
    parts.source = EventText(builder.member("source", of: root, batch))
    parts.time = EventText(builder.member("time", of: root, batch))
    builder.apply(pointers, to: &parts, in: parts.record ?? detail, headers: message.headers, batch)
    builder.add(parts, of: message, batch)
  }
}

extension EventBuilder {
  /// A text that stands for JSON most of the time: its value, or the text as one where it is no JSON.
  func json(_ text: String, _ batch: Batch) -> Int {
    if let value = try? read(text: text.utf8, of: batch) { return value }
    var quoted = ByteBuffer()
    JSONText.quote(text, into: &quoted)
    // A quoted text is JSON.
    return (try? read(text: Array(quoted.bytes), of: batch)) ?? open(batch)
  }
}
