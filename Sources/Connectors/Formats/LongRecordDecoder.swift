import Records

/// Makes a dead letter of a record that was too long to be read, and gives all other batches to a format's decoder.
final class LongRecordDecoder: Decoder {
  private let inner: any Decoder

  init(_ inner: any Decoder) { self.inner = inner }

  func decode(_ batch: Batch) {
    guard let long = batch.longRecord else { return inner.decode(batch) }
    batch.events.append(Event(.read, record: Event.none, offset: 0, length: UInt32(batch.bytes.count)))
    let index = batch.events.count - 1
    batch.fail(
      index,
      Failure(
        event: index, code: "decode.record_too_long", stage: "decode",
        message: "the record has \(long.length) bytes; the most that is read is \(long.max) (record_bytes)"))
  }
}
