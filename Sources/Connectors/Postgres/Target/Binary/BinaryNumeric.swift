import Records

/// A `numeric` on the wire: how many digits to the base of 10,000, the weight of the first, the sign, how many decimals
/// are shown, and the digits.
enum BinaryNumeric {
  /// Longer ones go as text, in decimal digits.
  private static let digitsMax = 200

  /// - Parameter text: a sign, digits, and a fraction; any other text is refused.
  static func append(_ text: UnsafeRawBufferPointer, to out: inout ByteBuffer) -> Bool {
    guard text.count <= digitsMax, let first = text.first else { return false }
    let isNegative = first == UInt8(ascii: "-")
    var start = isNegative ? 1 : 0
    guard let point = point(text, from: start) else { return false }
    let fraction = max(0, text.count - point - 1)
    while start < point, text[start] == UInt8(ascii: "0") { start += 1 }
    let groups = (point - start + 3) / 4
    let begin = out.count
    out.reserve(12 + 2 * (groups + (fraction + 3) / 4))
    let count = append(text, start, point, groups: groups, to: &out)
    fill(&out, at: begin, count, groups: groups, isNegative: isNegative && count > 0, fraction: fraction)
    return true
  }

  /// Where the fraction begins; the end where there is none. nil where it is no plain number.
  @inline(__always)
  private static func point(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var point = text.count
    for index in start..<text.count where text[index] &- UInt8(ascii: "0") >= 10 {
      guard text[index] == UInt8(ascii: "."), point == text.count else { return nil }
      point = index
    }
    // A digit on one side of the point at least.
    return text.count - start > (point < text.count ? 1 : 0) ? point : nil
  }

  /// Appends room for the head, and the digits: four decimal ones each, counted from the point to both sides.
  ///
  /// - Returns: how many.
  @inline(__always)
  private static func append(
    _ text: UnsafeRawBufferPointer, _ start: Int, _ point: Int, groups: Int, to out: inout ByteBuffer
  ) -> Int {
    let head = UnsafeMutableRawPointer(out.end)
    var count = 0
    var last = 0
    var at = start
    func put(_ digit: UInt16) {
      head.storeBytes(of: digit.bigEndian, toByteOffset: 12 + 2 * count, as: UInt16.self)
      count += 1
      if digit != 0 { last = count }
    }
    while at < point {
      var digit: UInt16 = 0
      let end = at + ((point - at) % 4 == 0 ? 4 : (point - at) % 4)
      while at < end {
        digit = digit * 10 + UInt16(text[at] - UInt8(ascii: "0"))
        at += 1
      }
      put(digit)
    }
    at = point + 1
    while at < text.count {
      var digit: UInt16 = 0
      for place in at..<at + 4 {
        digit = digit * 10 + (place < text.count ? UInt16(text[place] - UInt8(ascii: "0")) : 0)
      }
      at += 4
      put(digit)
    }
    out.advance(by: 12 + 2 * last)
    return last
  }

  @inline(__always)
  private static func fill(
    _ out: inout ByteBuffer, at begin: Int, _ count: Int, groups: Int, isNegative: Bool, fraction: Int
  ) {
    let head = UnsafeMutableRawPointer(out.base + begin)
    head.storeBytes(of: Int32(8 + 2 * count).bigEndian, as: Int32.self)
    head.storeBytes(of: Int16(count).bigEndian, toByteOffset: 4, as: Int16.self)
    head.storeBytes(of: Int16(groups - 1).bigEndian, toByteOffset: 6, as: Int16.self)
    head.storeBytes(of: (isNegative ? UInt16(0x4000) : 0).bigEndian, toByteOffset: 8, as: UInt16.self)
    head.storeBytes(of: Int16(fraction).bigEndian, toByteOffset: 10, as: Int16.self)
  }
}
