import Glibc

/// Text that is compared by its code points, and not by canonical equivalence as `String` is.
struct CodePoints: Hashable, Comparable {
  let text: String
  init(_ text: String) { self.text = text }

  static func == (a: CodePoints, b: CodePoints) -> Bool { a.text.hasSameCodePoints(as: b.text) }
  static func < (a: CodePoints, b: CodePoints) -> Bool { a.text.codePointOrder(b.text) < 0 }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  func hasSameCodePoints(as other: String) -> Bool {
    utf8.count == other.utf8.count && codePointOrder(other) == 0
  }

  /// Negative, zero or positive; UTF-8 sorts as its code points do.
  func codePointOrder(_ other: String) -> Int {
    var (a, b) = (self, other)
    return a.withUTF8 { a in b.withUTF8 { b in byteOrder(UnsafeRawBufferPointer(a), UnsafeRawBufferPointer(b)) } }
  }

  /// The number of code points.
  var codePointCount: Int {
    var text = self
    return text.withUTF8 { countCodePoints(UnsafeRawBufferPointer($0)) }
  }
}

/// Negative, zero or positive, byte by byte.
func byteOrder(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let common = min(a.count, b.count)
  if common > 0, let x = a.baseAddress, let y = b.baseAddress {
    let order = memcmp(x, y, common)
    if order != 0 { return Int(order) }
  }
  return a.count - b.count
}

func countCodePoints(_ bytes: UnsafeRawBufferPointer) -> Int {
  var count = 0
  for byte in bytes where !isContinuation(byte) { count += 1 }
  return count
}
