import Records

/// What takes the place of values that nobody shall read.
enum PersonalData {
  /// The hash of a value as hexadecimal digits: HMAC-SHA-256 with a key, SHA-256 without one. A text is hashed as its
  /// characters, anything else as its JSON.
  static func digest(_ cell: Node, key: String?, _ batch: Batch) -> String {
    var cell = cell
    let message: [UInt8]
    if cell.kind == .string {
      message = Array(CellText.plain(&cell, batch))
    } else {
      var text = ByteBuffer()
      NodeJSON.append(cell: cell, of: batch, to: &text)
      message = Array(text.bytes)
    }
    guard let key else { return Records.SHA256.hex(message) }
    return Records.SHA256.hex(padded(key, with: 0x5c) + Records.SHA256.hash(padded(key, with: 0x36) + message))
  }

  /// As RFC 2104 has it, in blocks of 64 bytes.
  private static func padded(_ key: String, with pad: UInt8) -> [UInt8] {
    let bytes = key.utf8.count > 64 ? Records.SHA256.hash(Array(key.utf8)) : Array(key.utf8)
    return (bytes + [UInt8](repeating: 0, count: 64 - bytes.count)).map { $0 ^ pad }
  }
}
