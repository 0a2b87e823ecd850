/// SHA-256 after FIPS 180-4.
enum SHA256 {
  /// The first 64 primes.
  private static let primes: [UInt64] = (2...311).filter { (number: UInt64) -> Bool in
    (2..<number).allSatisfy { number % $0 != 0 }
  }

  /// The first 32 bits of the fractions of the square roots of the first eight primes.
  private static let initial: [UInt32] = primes.prefix(8).map { fraction($0, root: 2) }
  /// The same of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = primes.map { fraction($0, root: 3) }

  /// floor(2^32 · n^(1/root)) mod 2^32, found bit by bit.
  private static func fraction(_ number: UInt64, root: Int) -> UInt32 {
    let target = UInt128(number) << UInt128(32 * root)
    var found: UInt128 = 0
    for bit in (0..<36).reversed() {
      let candidate = found | 1 << UInt128(bit)
      let power = root == 2 ? candidate * candidate : candidate * candidate * candidate
      if power <= target { found = candidate }
    }
    return UInt32(truncatingIfNeeded: found)
  }

  static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var state = initial
    for block in Padding.blocks(bytes) { compress(block, &state) }
    return state.flatMap(Padding.bytes)
  }

  private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    var words = Padding.words(block)
    for i in 16..<64 {
      let (x, y) = (words[i - 15], words[i - 2])
      let s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3
      let s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10
      words.append(words[i - 16] &+ s0 &+ words[i - 7] &+ s1)
    }
    var v = state
    for i in 0..<64 {
      let s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
      let choice = v[4] & v[5] ^ ~v[4] & v[6]
      let t1 = v[7] &+ s1 &+ choice &+ constants[i] &+ words[i]
      let s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
      let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
      v = [t1 &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
    }
    for i in 0..<8 { state[i] = state[i] &+ v[i] }
  }

  private static func rotate(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
}

/// SHA-1 after FIPS 180-4, which RFC 9562 makes version 5 UUIDs with; no protection against forgery.
enum SHA1 {
  static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    for block in Padding.blocks(bytes) { compress(block, &state) }
    return state.flatMap(Padding.bytes)
  }

  private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    var words = Padding.words(block)
    for i in 16..<80 { words.append(rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1)) }
    var v = state
    for i in 0..<80 {
      let (mixed, constant) = round(i, v)
      v = [rotate(v[0], 5) &+ mixed &+ v[4] &+ constant &+ words[i], v[0], rotate(v[1], 30), v[2], v[3]]
    }
    for i in 0..<5 { state[i] = state[i] &+ v[i] }
  }

  private static func round(_ i: Int, _ v: [UInt32]) -> (UInt32, UInt32) {
    switch i {
    case 0..<20: (v[1] & v[2] | ~v[1] & v[3], 0x5A82_7999)
    case 20..<40: (v[1] ^ v[2] ^ v[3], 0x6ED9_EBA1)
    case 40..<60: (v[1] & v[2] | v[1] & v[3] | v[2] & v[3], 0x8F1B_BCDC)
    default: (v[1] ^ v[2] ^ v[3], 0xCA62_C1D6)
    }
  }

  private static func rotate(_ word: UInt32, _ by: UInt32) -> UInt32 { word << by | word >> (32 - by) }
}

/// What both hashes do with their input: blocks of 64 bytes, the length in bits at the end.
private enum Padding {
  static func blocks(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var padded = bytes + [0x80]
    padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
    let bits = UInt64(bytes.count) * 8
    padded += (0..<8).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt64($0 * 8)) }
    return stride(from: 0, to: padded.count, by: 64).map { padded[$0..<$0 + 64] }
  }

  static func words(_ block: ArraySlice<UInt8>) -> [UInt32] {
    stride(from: block.startIndex, to: block.endIndex, by: 4).map { at in
      block[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  static func bytes(_ word: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
  }
}

/// UUIDs that are made of a namespace and a name.
enum UUIDv5 {
  /// The sixteen bytes of `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
  static func bytes(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count == 36, [8, 13, 18, 23].allSatisfy({ characters[$0] == UInt8(ascii: "-") }) else {
      return nil
    }
    let digits = characters.filter { $0 != UInt8(ascii: "-") }.compactMap { hexValue($0) }
    guard digits.count == 32 else { return nil }
    return stride(from: 0, to: 32, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  static func text(_ space: [UInt8], _ name: [UInt8]) -> String {
    var bytes = Array(SHA1.hash(space + name).prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x50
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(Hex.text(bytes).utf8)
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    return groups.map { String(decoding: hex[$0], as: UTF8.self) }.joined(separator: "-")
  }
}
