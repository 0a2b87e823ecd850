import ConnectorKit
import Records

/// Any JSON: an object is a record, of an array each element is one.
struct JSONEnvelope: Envelope {
  let pointers: EventPaths
  init(_ pointers: EventPaths) { self.pointers = pointers }

  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem) {
    let root = try builder.value(of: message, batch)
    guard batch.nodes[root].kind == .array else {
      return try add(root, of: message, part: nil, builder, batch)
    }
    builder.each(of: root, of: message, batch) { element, part throws(EnvelopeProblem) in
      try add(element, of: message, part: part, builder, batch)
    }
  }

  /// - Parameter part: which element of an array it is; nil where it is all of the message.
  private func add(
    _ root: Int, of message: Message, part: Int?, _ builder: EventBuilder, _ batch: Batch
  ) throws(EnvelopeProblem) {
    guard batch.nodes[root].kind == .object else { throw .notAnObject(batch.nodes[root].kind) }
    var parts = EventParts(.update, record: root)
    if let pointer = pointers.record {
      guard let found = builder.find(pointer, in: root, headers: nil, batch), batch.nodes[found].kind == .object else {
        throw EnvelopeProblem(
          "envelope.no_record",
          "no object stands at \(pointer.written.string ?? ""), where event.record looks for the row")
      }
      parts.record = found
    }
    if part != nil { parts.raw = builder.range(of: root, batch) }
    builder.apply(pointers, to: &parts, in: root, headers: message.headers, part: part, batch)
    if parts.id == nil, let headers = message.headers {
      parts.id = builder.id(Self.usualID(headers, builder, batch), ofPart: part, batch)
    }
    if parts.id == nil, part != nil {
      parts.id = .text(message.fallbackID + ":\(batch.nodes[root].offset - UInt32(message.payload.lowerBound))")
    }
    builder.add(parts, of: message, batch)
  }

  /// Headers by which well-known senders tell a delivery that is repeated.
  static let idHeaders = [
    "webhook-id", "x-github-delivery", "x-shopify-event-id", "x-shopify-webhook-id", "idempotency-key",
  ]

  static func usualID(_ headers: Int, _ builder: EventBuilder, _ batch: Batch) -> EventText? {
    for name in idHeaders {
      if let found = builder.member(name, of: headers, batch) { return .node(found) }
    }
    return nil
  }
}
