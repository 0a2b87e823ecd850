import Records

/// The key of a request, made of the events' ids and of the rows' fields: equal over retries, restarts and machines, and
/// another one once a mapping or a mended record makes another row of an event. Written as a UUID (version 8), which is
/// what servers take.
enum IdempotencyKey {
  /// The key of one row; what it is made of is written behind what stays the same for a pipeline.
  ///
  /// - Parameters:
  ///   - event: the event's id.
  ///   - row: which row of the event it is.
  ///   - prefix: how long what stays the same is, in bytes.
  ///   - text: what is written to, row after row; begins with the prefix.
  static func id(
    event: UnsafeRawBufferPointer, row: Int, fields: UnsafeRawBufferPointer, behind prefix: Int,
    in text: inout ByteBuffer
  ) -> (UInt64, UInt64) {
    text.truncate(to: prefix)
    text.append(event)
    text.append(0)
    NodeJSON.appendInteger(Int64(row), to: &text)
    text.append(0)
    text.append(fields)
    return id(of: text.bytes)
  }

  /// Of several rows together, in their order.
  static func id(of ids: [(UInt64, UInt64)]) -> (UInt64, UInt64) {
    if ids.count == 1 { return ids[0] }
    var text = ByteBuffer()
    for id in ids { text.append(Self.text(id)) }
    return id(of: text.bytes)
  }

  private static func id(of text: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
    Digest.withSHA256(text) { hash in
      func word(_ place: Int) -> UInt64 {
        UInt64(bigEndian: hash.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      }
      return (word(0) & 0xffff_ffff_ffff_0fff | 0x8000, word(8) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    }
  }

  static func text(_ id: (UInt64, UInt64)) -> String {
    var text = ByteBuffer(capacity: 36)
    append(id, to: &text)
    return text.text
  }

  static func append(_ id: (UInt64, UInt64), to out: inout ByteBuffer) {
    out.reserve(36)
    let place = out.end
    var next = 0
    for nibble in 0..<32 {
      if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
        place[next] = UInt8(ascii: "-")
        next += 1
      }
      let word = nibble < 16 ? id.0 : id.1
      let digit = UInt8(truncatingIfNeeded: word >> (60 - UInt64(nibble % 16) * 4) & 15)
      place[next] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
      next += 1
    }
    out.advance(by: 36)
  }
}
