import Records

/// Makes events of the records of a log, whose bytes its source has checked.
final class LogDecoder: Decoder {
  private let envelope: any Envelope
  private let builder = EventBuilder()

  init(_ envelope: any Envelope) { self.envelope = envelope }

  func decode(_ batch: Batch) {
    builder.begin()
    let first = batch.origin.line ?? 0
    let base = batch.origin.offset ?? 0
    var place = 0
    while place + LogFrame.headBytes <= batch.inputBytes, let frame = LogFrame.read(batch.bytes.bytes, at: place) {
      let position = base + UInt64(place)
      let message = Message(
        payload: frame.payload, headers: headers(frame, batch), time: frame.time, position: position,
        fallbackID: "\(batch.origin.name):\(position)", line: UInt32(clamping: frame.sequence - first))
      open(message, batch)
      place = frame.end
    }
    batch.keys = builder.keys.snapshot
  }

  private func headers(_ frame: LogFrame, _ batch: Batch) -> Int? {
    frame.attributes.isEmpty ? nil : try? builder.read(frame.attributes, of: batch)
  }

  private func open(_ message: Message, _ batch: Batch) {
    let events = batch.events.count
    do throws(EnvelopeProblem) {
      try envelope.open(message, builder, batch)
    } catch {
      batch.events.setCount(events)
      builder.fail(message, error, batch)
    }
  }
}
