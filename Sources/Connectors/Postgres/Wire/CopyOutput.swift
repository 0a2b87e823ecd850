import Records

/// What a COPY in binary form sends: a head before the first row, and a mark behind the last one.
struct CopyOutput {
  private var isBegun = false

  /// What ``receive(from:into:)`` found.
  enum Received { case row, nothingYet, end }

  /// Appends the next row, without what stands around the rows. Does not wait.
  mutating func receive(
    from connection: PostgresConnection, into bytes: inout ByteBuffer
  ) throws(PostgresError) -> Received {
    while true {
      let start = bytes.count
      switch try connection.receiveCopy(into: &bytes) {
      case .nothingYet: return .nothingYet
      case .end: return .end
      case .data: break
      }
      if !isBegun { try dropHead(start, &bytes) }
      // The mark behind the rows, or a head that came alone.
      if bytes.count - start > BinaryCopy.trailer.count { return .row }
      bytes.truncate(to: start)
    }
  }

  private mutating func dropHead(_ start: Int, _ bytes: inout ByteBuffer) throws(PostgresError) {
    isBegun = true
    let fixed = BinaryCopy.header.count
    let head = UnsafeRawBufferPointer(rebasing: bytes.bytes[start...])
    guard head.count >= fixed, head.starts(with: BinaryCopy.header[..<BinaryCopy.signature]) else {
      throw PostgresError(state: "08P01", message: "the server's COPY has another form than it was asked for")
    }
    let more = Int(UInt32(bigEndian: head.loadUnaligned(fromByteOffset: fixed - 4, as: UInt32.self)))
    guard head.count >= fixed + more else {
      throw PostgresError(state: "08P01", message: "the head of the server's COPY is cut off")
    }
    let rest = Array(head[(fixed + more)...])
    bytes.truncate(to: start)
    rest.withUnsafeBytes { bytes.append($0) }
  }
}

/// One row of a COPY in binary form, taken apart: how many fields, and each behind its length.
struct CopyRow {
  /// Where the fields stand in the bytes; nil for a null.
  private(set) var fields: [Range<Int>?] = []

  /// - Parameter range: the row's bytes; what does not fit into them is left out.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    guard range.count >= 2 else { return }
    let count = Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Int16.self))
    var at = range.lowerBound + 2
    for _ in 0..<max(0, count) {
      guard at + 4 <= range.upperBound else { return }
      let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int32.self)))
      at += 4
      guard length >= 0 else {
        fields.append(nil)
        continue
      }
      guard at + length <= range.upperBound else { return }
      fields.append(at..<at + length)
      at += length
    }
  }

  /// The text of a field; nil for a null, and for what is none of its form.
  func text(_ index: Int, _ form: BinaryForm, _ bytes: UnsafeRawBufferPointer) -> String? {
    guard fields.indices.contains(index), let range = fields[index] else { return nil }
    let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
    if form == .text { return String(decoding: raw, as: UTF8.self) }
    if form == .jsonb { return String(decoding: raw.dropFirst(), as: UTF8.self) }
    var copy = ByteBuffer(capacity: raw.count)
    copy.append(raw)
    guard BinaryText.append(0..<raw.count, as: form, to: &copy) else { return nil }
    return String(decoding: copy.bytes[raw.count...], as: UTF8.self)
  }
}
