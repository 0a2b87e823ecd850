import Records

/// A row as the encoder hands it to its target: where it goes, and what it says. Stands in a payload's bytes as these
/// numbers, least byte first, and the texts behind them.
struct RequestFrame {
  static let headBytes = 8 + 16 + 4 * 4

  var keyHash: UInt64
  /// What makes the row the same when it comes again.
  var id: (UInt64, UInt64)
  var variant: Int
  var hasKey: Bool
  var url: Range<Int>
  /// Lines, each with its CR LF.
  var headers: Range<Int>
  var body: Range<Int>

  /// Begins a frame whose numbers ``finish(_:at:url:headers:)`` fills in.
  static func begin(_ out: inout ByteBuffer) {
    out.reserve(headBytes)
    out.advance(by: headBytes)
  }

  static func finish(
    _ out: inout ByteBuffer, at start: Int, keyHash: UInt64?, id: (UInt64, UInt64), variant: Int, url: Int, headers: Int
  ) {
    let head = UnsafeMutableRawPointer(out.base + start)
    head.storeBytes(of: keyHash ?? 0, as: UInt64.self)
    head.storeBytes(of: id.0, toByteOffset: 8, as: UInt64.self)
    head.storeBytes(of: id.1, toByteOffset: 16, as: UInt64.self)
    head.storeBytes(of: UInt32(variant), toByteOffset: 24, as: UInt32.self)
    head.storeBytes(of: UInt32(keyHash == nil ? 0 : 1), toByteOffset: 28, as: UInt32.self)
    head.storeBytes(of: UInt32(url), toByteOffset: 32, as: UInt32.self)
    head.storeBytes(of: UInt32(headers), toByteOffset: 36, as: UInt32.self)
  }

  /// That of one of a payload's rows.
  init(of row: Int, in payload: Payload) {
    let bytes = payload.bytes.bytes
    let start = row == 0 ? 0 : Int(payload.rows[row - 1].end)
    func word(_ place: Int) -> Int { Int(bytes.loadUnaligned(fromByteOffset: start + place, as: UInt32.self)) }
    keyHash = bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
    id = (
      bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: start + 16, as: UInt64.self)
    )
    variant = word(24)
    hasKey = word(28) == 1
    url = start + Self.headBytes..<start + Self.headBytes + word(32)
    headers = url.upperBound..<url.upperBound + word(36)
    body = headers.upperBound..<Int(payload.rows[row].end)
  }
}
