import COpenSSL

/// SHA-256, by OpenSSL.
enum Digest {
  /// Looked up once, which costs more than a short text's digest; never changed. nil without memory: then each call looks.
  private nonisolated(unsafe) static let algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil)

  static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { withSHA256(bytes) { Array($0) } }

  /// Gives the 32 bytes without keeping them.
  static func withSHA256<Answer>(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Answer) -> Answer
  {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { hash in
      hash.initialize(repeating: 0)
      openssl_sha256(algorithm, bytes.baseAddress, bytes.count, hash.baseAddress)
      return body(UnsafeRawBufferPointer(hash))
    }
  }

  static func sha256Hex(_ bytes: UnsafeRawBufferPointer) -> String { hex(sha256(bytes)) }
  static func sha256Hex(_ text: String) -> String { Array(text.utf8).withUnsafeBytes { sha256Hex($0) } }

  static func hex(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  static let digits = Array("0123456789abcdef".utf8)
}
