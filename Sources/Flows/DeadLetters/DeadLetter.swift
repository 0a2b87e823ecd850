import Records

/// An event that could not be delivered, with everything that it takes to understand it and to send it again.
package struct DeadLetter: Sendable, Equatable {
  /// The same whenever the same event fails again: `catalogue.ndjson@4711`.
  package var id: String
  package var pipeline: String
  package var fingerprint: String
  /// Milliseconds since 1970, UTC.
  package var time: Int64
  package var code: String
  package var stage: String
  package var field: String?
  package var message: String
  /// How often a target was asked to store it.
  package var attempts: Int
  /// Where it was read.
  package var origin: String
  package var offset: UInt64?
  package var line: UInt64?
  /// The event's parts as compact JSON; nil where it has none.
  package var operation: Operation
  package var key: String?
  package var record: String?
  package var before: String?
  package var meta: String?
  /// What the JSON does not tell of members' types (``HiddenType``), as a JSON object; nil where there is nothing.
  package var types: String?
  /// The text that the event was read from, byte for byte, where it has no record: what could not be decoded.
  package var raw: [UInt8]?
}

extension Parcel {
  /// The dead letters of its failures, in the order of the events.
  func deadLetters(_ settings: FlowSettings, at time: Int64) -> [DeadLetter] {
    batch.failures.sorted { $0.event < $1.event }.map { batch.deadLetter($0, settings, at: time, attempts: tries) }
  }
}

extension Batch {
  fileprivate func deadLetter(
    _ failure: Failure, _ settings: FlowSettings, at time: Int64, attempts: Int
  )
    -> DeadLetter
  {
    let event = events[failure.event]
    let raw = bytes.bytes[Int(event.offset)..<Int(event.offset) + Int(event.length)]
    return DeadLetter(
      id: origin.name + "@" + place(of: event, raw), pipeline: settings.pipeline, fingerprint: settings.fingerprint,
      time: time, code: failure.code, stage: failure.stage, field: failure.field, message: failure.message,
      attempts: attempts, origin: origin.name, offset: offset(of: event), line: line(of: event),
      operation: event.operation, key: json(of: event.key), record: json(of: originals[failure.event] ?? event.record),
      before: json(of: event.before), meta: json(of: event.meta), types: types(of: failure.event),
      raw: event.record == Records.Event.none ? Array(raw) : nil)
  }

  private func types(of event: Int) -> String? {
    let types = hiddenTypes(of: event)
    return types == .object([]) ? nil : types.json
  }

  /// What tells the event from all others of its origin: its byte, its own id, or its text where it has neither.
  private func place(of event: Records.Event, _ raw: Slice<UnsafeRawBufferPointer>) -> String {
    offset(of: event).map { "\($0)" } ?? ownID(of: event) ?? Checksum.fnv1a64(raw).hex
  }

  private func ownID(of event: Records.Event) -> String? {
    guard event.meta != Records.Event.none else { return nil }
    let member = children(of: Int(event.meta)).first { name(of: $0) == "event_id" }
    return member.map { text(nodes[$0.node]) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private func json(of node: UInt32) -> String? {
    node == Records.Event.none ? nil : json(at: Int(node))
  }
}
