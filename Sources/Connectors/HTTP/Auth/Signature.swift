import COpenSSL
import Records

/// Message authentication with a shared secret, and a comparison whose time tells nothing.
enum Signature {
  static func hmac(_ key: [UInt8], _ parts: [UnsafeRawBufferPointer]) -> [UInt8]? {
    var out = [UInt8](repeating: 0, count: 32)
    let starts = parts.map(\.baseAddress)
    let counts = parts.map(\.count)
    let isDone = openssl_hmac_sha256(key, key.count, starts, counts, Int32(parts.count), &out)
    return isDone == 1 ? out : nil
  }

  static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
  }

  static func hex(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digit(digits[place]), let low = digit(digits[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
