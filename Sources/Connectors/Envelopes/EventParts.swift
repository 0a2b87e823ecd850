import ConnectorKit
import Records

/// A text of an event: one that stands in the message, or one that was made.
enum EventText {
  case node(Int)
  case text(String)

  init?(_ node: Int?) {
    guard let node else { return nil }
    self = .node(node)
  }

  init?(_ text: String?) {
    guard let text else { return nil }
    self = .text(text)
  }
}

/// What an envelope found out about one event.
struct EventParts {
  var operation: Operation
  /// Nodes of objects.
  var record: Int?
  var before: Int?
  var key: Int?
  var id: EventText?
  var type: EventText?
  var time: EventText?
  var source: EventText?
  var table: EventText?
  var schemaVersion: EventText?
  /// An object that stands for the message's headers where the event brings its own.
  var headers: Int?
  /// The text that the event was read from: its own part of a message with several.
  var raw: Range<Int>?
  /// The message tells of something that is no change of a row: it is counted as filtered.
  var isNotice = false

  init(_ operation: Operation, record: Int? = nil) {
    self.operation = operation
    self.record = record
  }
}

extension EventBuilder {
  /// Appends the event to the batch.
  func add(_ parts: EventParts, of message: Message, _ batch: Batch) {
    let raw = parts.raw ?? message.payload
    var event = Event(
      parts.operation, record: Self.place(parts.record), offset: UInt32(raw.lowerBound), length: UInt32(raw.count))
    event.before = Self.place(parts.before)
    event.key = Self.place(parts.key)
    event.line = message.line
    event.meta = UInt32(meta(parts, message, batch))
    if parts.isNotice { event.outcome = .filtered }
    batch.events.append(event)
  }

  /// Appends a message that could not be read, as a dead letter.
  func fail(_ message: Message, _ problem: EnvelopeProblem, _ batch: Batch) {
    let range = message.payload
    var event = Event(.read, record: Event.none, offset: UInt32(range.lowerBound), length: UInt32(range.count))
    event.line = message.line
    event.meta = UInt32(meta(EventParts(.read), message, batch))
    batch.events.append(event)
    let index = batch.events.count - 1
    batch.fail(index, Failure(event: index, code: problem.code, stage: "decode", message: problem.message))
  }

  private static func place(_ node: Int?) -> UInt32 { node.map { UInt32($0) } ?? Event.none }

  private func meta(_ parts: EventParts, _ message: Message, _ batch: Batch) -> Int {
    let meta = open(batch)
    add(names.eventID, parts.id ?? .text(message.fallbackID), batch)
    add(names.type, parts.type, batch)
    add(names.source, parts.source, batch)
    add(names.table, parts.table, batch)
    if let time = parts.time { add(names.time, time, batch) } else { add(names.time, time: message.time, batch) }
    add(names.position, number: message.position, batch)
    add(names.ingestedAt, time: message.time, batch)
    add(names.schemaVersion, parts.schemaVersion, batch)
    if let headers = parts.headers ?? message.headers {
      add(names.headers, copyOf: headers, batch)
      if let trace = member(names.traceparent, of: headers, batch) { add(names.traceparent, textOf: trace, batch) }
    }
    close(meta, batch)
    return meta
  }

  private func add(_ name: EventName, _ text: EventText?, _ batch: Batch) {
    switch text {
    case nil: return
    case .text(let text): add(name, text: text, batch)
    case .node(let node): add(name, textOf: node, batch)
    }
  }

  /// Makes events of the elements of an array. One that cannot be read is a dead letter by itself: the others are as good
  /// as if they had come alone.
  func each(
    of array: Int, of message: Message, _ batch: Batch,
    _ body: (_ element: Int, _ part: Int) throws(EnvelopeProblem) -> Void
  ) {
    for (part, element) in elements(of: array, batch).enumerated() {
      do throws(EnvelopeProblem) {
        try body(element, part)
      } catch {
        var own = message
        own.payload = range(of: element, batch)
        fail(own, error, batch)
      }
    }
  }

  /// What a header says is the id of all of its message, and not of each event in it.
  ///
  /// - Parameter part: which of the message's events it is; nil where there is one.
  func id(_ id: EventText?, ofPart part: Int?, _ batch: Batch) -> EventText? {
    guard let part, let text = text(id, batch) else { return id }
    return .text("\(text)#\(part)")
  }

  /// The event's own parts that the pipeline file points at, over what the format knows.
  ///
  /// - Parameter part: which of the message's events it is; nil where there is one.
  func apply(
    _ pointers: EventPaths, to parts: inout EventParts, in root: Int, headers: Int?, part: Int? = nil, _ batch: Batch
  ) {
    if let id = scalar(pointers.id, in: root, headers, batch) {
      if case .header = pointers.id { parts.id = self.id(.node(id), ofPart: part, batch) } else { parts.id = .node(id) }
    }
    if let type = scalar(pointers.type, in: root, headers, batch) { parts.type = .node(type) }
    if let time = scalar(pointers.time, in: root, headers, batch) { parts.time = .node(time) }
    if let pointer = pointers.key, let name = pointer.name, let key = scalar(pointer, in: root, headers, batch) {
      parts.key = keyObject(name, key, batch)
    }
    guard !pointers.operations.isEmpty, let type = text(parts.type, batch) else { return }
    parts.operation = pointers.operations[type] ?? parts.operation
  }

  private func scalar(_ pointer: EventPointer?, in root: Int, _ headers: Int?, _ batch: Batch) -> Int? {
    guard let found = find(pointer, in: root, headers: headers, batch) else { return nil }
    switch batch.nodes[found].kind {
    case .string, .integer, .number: return found
    default: return nil
    }
  }

  func text(_ part: EventText?, _ batch: Batch) -> String? {
    switch part {
    case nil: nil
    case .text(let text): text
    case .node(let node): text(node, batch)
    }
  }

  /// A key of one column.
  func keyObject(_ name: String, _ value: Int, _ batch: Batch) -> Int {
    let key = open(batch)
    add(name, copyOf: value, batch)
    close(key, batch)
    return key
  }

  /// The value as a record: an object is one, anything else is the member `data` of one.
  func record(_ value: Int, _ batch: Batch) -> Int {
    if batch.nodes[value].kind == .object { return value }
    let record = open(batch)
    add("data", copyOf: value, batch)
    close(record, batch)
    return record
  }

  /// Reads the payload as JSON.
  func value(of message: Message, _ batch: Batch) throws(EnvelopeProblem) -> Int {
    do throws(JSONProblem) { return try read(message.payload, of: batch) } catch { throw EnvelopeProblem(error) }
  }

  func range(of node: Int, _ batch: Batch) -> Range<Int> {
    Int(batch.nodes[node].offset)..<Int(batch.nodes[node].offset + batch.nodes[node].length)
  }
}

extension EnvelopeProblem {
  init(_ problem: JSONProblem) {
    let code =
      switch problem.reason {
      case .invalidUTF8: "decode.invalid_utf8"
      case .tooDeep: "decode.too_deep"
      default: "decode.invalid_json"
      }
    self.init(code, "\(problem.reason.rawValue), at byte \(problem.offset + 1) of the record")
  }

  static func notAnObject(_ kind: Node.Kind) -> EnvelopeProblem {
    EnvelopeProblem("decode.not_an_object", "a record is a JSON object; this is \(kind.phrase)")
  }

  /// The payload is JSON, but not what the format says.
  static func shape(_ format: String, _ what: String) -> EnvelopeProblem {
    EnvelopeProblem("envelope.unknown_shape", "this is no message of \(format): \(what)")
  }
}
