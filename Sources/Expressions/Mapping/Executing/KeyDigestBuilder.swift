import Records

/// Hashes the values of a `dedupe` key: equal values have equal hashes, however a number or a text is written.
struct KeyDigestBuilder: ~Copyable {
  private var message = ByteBuffer()

  /// - Parameter purpose: keeps keys apart that mean different things: what they are made of.
  mutating func begin(_ purpose: String) {
    message.removeAll()
    message.append(purpose)
    message.append(0)
  }

  mutating func add(_ cell: Node, _ batch: Batch) {
    var cell = cell
    switch cell.kind {
    case .string: add(0x73, CellText.plain(&cell, batch))
    case .integer, .number: add(number: cell, batch)
    default:
      var json = ByteBuffer()
      NodeJSON.append(cell: cell, of: batch, to: &json)
      add(0x6a, json.bytes)
    }
  }

  mutating func add(text: String) {
    var text = text
    text.withUTF8 { add(0x73, UnsafeRawBufferPointer($0)) }
  }

  private mutating func add(number cell: Node, _ batch: Batch) {
    guard let number = CastExecutor.number(cell, batch)?.normalized else { return add(0x6e, batch.raw(cell)) }
    var text = ByteBuffer()
    text.append("\(number.digits)e\(number.scale)")
    add(0x6e, text.bytes)
  }

  /// With its kind and length before it, so that no two rows of values look alike.
  private mutating func add(_ kind: UInt8, _ bytes: UnsafeRawBufferPointer) {
    message.append(kind)
    var count = UInt64(bytes.count)
    withUnsafeBytes(of: &count) { message.append($0) }
    message.append(bytes)
  }

  var digest: KeyDigest {
    let hash = Records.SHA256.hash(message.bytes)
    return KeyDigest(high: Self.word(hash[0..<8]), low: Self.word(hash[8..<16]))
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
