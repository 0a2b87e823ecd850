import CRE2

/// A regular expression that is matched in time linear in the text.
///
/// `@unchecked Sendable`: the compiled pattern is never changed, and RE2 allows searches from several threads at a time.
final class LinearPattern: @unchecked Sendable {
  /// The most memory of one pattern's automata, in bytes.
  static let memoryMax = 8 << 20

  private let compiled: OpaquePointer

  /// - Parameter text: in RE2's own syntax.
  init(_ text: String) throws(ECMAPattern.Problem) {
    var message = [CChar](repeating: 0, count: 200)
    var text = text
    let compiled = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        cre2_compile($0.baseAddress, $0.count, Int64(Self.memoryMax), &message, message.count)
      }
    }
    guard let compiled else {
      let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .unsupported(String(decoding: bytes, as: UTF8.self))
    }
    self.compiled = compiled
  }

  deinit { cre2_free(compiled) }

  /// Whether the pattern is found anywhere in the text, which is UTF-8.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    let start = text.baseAddress?.assumingMemoryBound(to: CChar.self)
    return cre2_search(compiled, start, text.count, 0, nil, 0) != 0
  }
}
