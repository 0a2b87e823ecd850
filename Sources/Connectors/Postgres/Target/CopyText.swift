import CScan
import Records

/// The text form of COPY: tabs between cells, a backslash before what would be misread.
enum CopyText {
  static let tab = UInt8(ascii: "\t")
  static let backslash = UInt8(ascii: "\\")

  /// Appends text that may hold anything but a zero byte.
  ///
  /// - Parameter text: must have the padding of ``ByteBuffer`` behind it.
  /// - Returns: false where it holds a zero byte, which no text in PostgreSQL can.
  @inline(__always)
  static func append(_ text: UnsafeRawBufferPointer, to out: inout ByteBuffer) -> Bool {
    guard let base = text.baseAddress else { return true }
    let start = base.assumingMemoryBound(to: UInt8.self)
    let end = start + text.count
    guard let first = scan_controls(start, end), first < end else {
      out.append(text)
      return true
    }
    return appendEscaped(start, end, to: &out)
  }

  private static func appendEscaped(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, to out: inout ByteBuffer
  ) -> Bool {
    var place = start
    while place < end {
      let next = scan_controls(place, end) ?? end
      out.append(UnsafeRawBufferPointer(start: place, count: next - place))
      if next == end { break }
      guard let escape = escape(next.pointee) else { return false }
      if escape != 0 { out.append(backslash) }
      out.append(escape == 0 ? next.pointee : escape)
      place = next + 1
    }
    return true
  }

  /// What stands behind the backslash; 0 where the byte stands for itself, nil where it cannot stand at all.
  private static func escape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0: nil
    case backslash: backslash
    case 0x09: UInt8(ascii: "t")
    case 0x0a: UInt8(ascii: "n")
    case 0x0d: UInt8(ascii: "r")
    default: 0
    }
  }
}
