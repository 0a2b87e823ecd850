import Records

/// Events that a source made itself of what it was told, on their way to its decoder: the length of each, least byte
/// first, and its parts as JSON.
enum EventFrames {
  static let headBytes = 4

  struct Parts {
    var operation: Operation
    var id: String
    /// The key's columns, as JSON.
    var key: String?
    var time: String?
    var type: String?
    var source: String
    var table: String?
    /// When it was read, in milliseconds since 1970.
    var readAt: Int64
  }

  /// - Parameter record: JSON of an object; empty where the event has none.
  static func append(_ parts: Parts, record: UnsafeRawBufferPointer, to batch: Batch) {
    let start = batch.bytes.count
    batch.bytes.reserve(headBytes)
    batch.bytes.advance(by: headBytes)
    batch.bytes.append("{\"op\":\"\(parts.operation.name)\",\"read_at\":\(parts.readAt),\"id\":")
    JSONText.quote(parts.id, into: &batch.bytes)
    for (name, text) in [("time", parts.time), ("type", parts.type), ("source", parts.source), ("table", parts.table)] {
      guard let text else { continue }
      batch.bytes.append(",\"\(name)\":")
      JSONText.quote(text, into: &batch.bytes)
    }
    if let key = parts.key { batch.bytes.append(",\"key\":\(key)") }
    if !record.isEmpty {
      batch.bytes.append(",\"record\":")
      batch.bytes.append(record)
    }
    batch.bytes.append("}")
    let length = UInt32(batch.bytes.count - start - headBytes)
    UnsafeMutableRawPointer(batch.bytes.base + start).storeBytes(of: length, as: UInt32.self)
    batch.inputBytes = batch.bytes.count
  }
}

extension EventFrames {
  /// A message that could not be understood, which becomes a dead letter.
  static func append(_ failure: Failure, id: String, message: String, readAt: Int64, to batch: Batch) {
    let start = batch.bytes.count
    batch.bytes.reserve(headBytes)
    batch.bytes.advance(by: headBytes)
    batch.bytes.append("{\"read_at\":\(readAt),\"id\":\(Value.string(id).json),\"failed\":")
    batch.bytes.append(Value.array([.string(failure.code), .string(failure.message)]).json)
    batch.bytes.append(",\"record\":")
    let isJSON = (try? Value(json: message)) != nil
    batch.bytes.append(isJSON ? message : Value.string(message).json)
    batch.bytes.append("}")
    let length = UInt32(batch.bytes.count - start - headBytes)
    UnsafeMutableRawPointer(batch.bytes.base + start).storeBytes(of: length, as: UInt32.self)
    batch.inputBytes = batch.bytes.count
  }
}

/// Makes events of ``EventFrames``.
final class EventFramesDecoder: Decoder {
  private let builder = EventBuilder()

  func decode(_ batch: Batch) {
    builder.begin()
    var place = 0
    while place + EventFrames.headBytes <= batch.inputBytes {
      let length = batch.bytes.bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
      let start = place + EventFrames.headBytes
      place = start + Int(length)
      decode(start..<place, batch)
    }
    batch.keys = builder.keys.snapshot
  }

  private func decode(_ range: Range<Int>, _ batch: Batch) {
    var message = Message(
      payload: range, headers: nil, time: 0, position: batch.origin.offset ?? 0, fallbackID: "", line: 0)
    let root: Int
    do throws(EnvelopeProblem) {
      root = try builder.value(of: message, batch)
    } catch {
      return builder.fail(message, error, batch)
    }
    if let failed = builder.member("failed", of: root, batch) { return fail(failed, root, &message, batch) }
    let operation = builder.text(builder.member("op", of: root, batch), batch).flatMap { Operation(name: $0) }
    var parts = EventParts(operation ?? .read)
    message.time = builder.text(builder.member("read_at", of: root, batch), batch).flatMap { Int64($0) } ?? 0
    parts.id = EventText(builder.member("id", of: root, batch))
    parts.time = EventText(builder.member("time", of: root, batch))
    parts.type = EventText(builder.member("type", of: root, batch))
    parts.source = EventText(builder.member("source", of: root, batch))
    parts.table = EventText(builder.member("table", of: root, batch))
    parts.key = builder.member("key", of: root, batch)
    parts.record = builder.member("record", of: root, batch)
    // What a person sees of it is the row, where there is one.
    parts.raw = parts.record.map { builder.range(of: $0, batch) }
    builder.add(parts, of: message, batch)
  }

  private func fail(_ failed: Int, _ root: Int, _ message: inout Message, _ batch: Batch) {
    let texts = builder.elements(of: failed, batch).map { builder.text($0, batch) ?? "" }
    message.fallbackID = builder.text(builder.member("id", of: root, batch), batch) ?? ""
    if let record = builder.member("record", of: root, batch) { message.payload = builder.range(of: record, batch) }
    builder.fail(message, EnvelopeProblem(texts[0], texts[1]), batch)
  }
}
