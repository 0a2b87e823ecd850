import Glibc
import Synchronization

/// The offsets of one place over time, read from a TZif file (RFC 8536) of the system's tz database.
final class ZoneRules: Sendable {
  /// The moments at which the offset changes, ascending, in seconds since 1970.
  private let changes: [Int64]
  /// The offset from each change on.
  private let offsets: [Int]
  /// The offset before the first change.
  private let first: Int
  /// The rule for moments after the last change.
  private let rule: ZoneRule?

  private static let folder = "/usr/share/zoneinfo"
  /// Zones that were read, at most one each name of the database.
  private static let known = Mutex<[String: ZoneRules]>([:])

  static func named(_ name: String) throws(EvaluationError) -> ZoneRules {
    if let found = known.withLock({ $0[name] }) { return found }
    guard isSafe(name), let bytes = read("\(folder)/\(name)"), let zone = ZoneRules(tzif: bytes) else {
      throw Zone.unknown(name)
    }
    known.withLock { $0[name] = zone }
    return zone
  }

  /// Names are made of letters, digits and `_ - + /`, so none leads out of the folder.
  private static func isSafe(_ name: String) -> Bool {
    name.utf8.count < 64 && !name.hasPrefix("/")
      && name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2D || $0 == 0x2B || $0 == 0x2F }
  }

  private static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
    return count > 0 ? Array(bytes.prefix(count)) : nil
  }

  private init?(tzif bytes: [UInt8]) {
    var reader = TZifReader(bytes: bytes)
    guard let data = reader.read() else { return nil }
    changes = data.changes
    offsets = data.offsets
    first = data.first
    rule = ZoneRule(data.footer)
  }

  func offset(at seconds: Int64) -> Int {
    guard let last = changes.last, seconds < last else {
      return rule?.offset(at: seconds) ?? offsets.last ?? first
    }
    var low = 0
    var high = changes.count
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : offsets[low - 1]
  }
}

/// Reads the 64-bit block of a TZif file.
struct TZifReader {
  struct Data {
    var changes: [Int64] = []
    var offsets: [Int] = []
    var first = 0
    var footer = ""
  }

  let bytes: [UInt8]
  private var at = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func read() -> Data? {
    guard bytes.starts(with: "TZif".utf8), bytes.count > 44 else { return nil }
    guard let narrow = header() else { return nil }
    if bytes[4] < UInt8(ascii: "2") { return block(narrow, wide: false) }
    at += narrow.size(wide: false)
    guard let wide = header(), var data = block(wide, wide: true) else { return nil }
    data.footer = String(decoding: bytes[min(at, bytes.count)...], as: UTF8.self).filter { $0 != "\n" }
    return data
  }

  private struct Header {
    var utc, standard, leaps, times, types, characters: Int
    func size(wide: Bool) -> Int {
      let word = wide ? 8 : 4
      return times * word + times + types * 6 + characters + leaps * (word + 4) + standard + utc
    }
  }

  private mutating func header() -> Header? {
    guard at + 44 <= bytes.count else { return nil }
    let counts = (0..<6).map { Int(integer(at + 20 + $0 * 4, 4)) }
    at += 44
    let header = Header(
      utc: counts[0], standard: counts[1], leaps: counts[2], times: counts[3], types: counts[4], characters: counts[5])
    return at + header.size(wide: false) <= bytes.count && header.types > 0 ? header : nil
  }

  private mutating func block(_ header: Header, wide: Bool) -> Data? {
    let word = wide ? 8 : 4
    guard at + header.size(wide: wide) <= bytes.count else { return nil }
    let kinds = at + header.times * word
    let types = kinds + header.times
    func offset(_ type: Int) -> Int { Int(integer(types + type * 6, 4)) }
    var data = Data()
    for index in 0..<header.times {
      let kind = Int(bytes[kinds + index])
      guard kind < header.types else { return nil }
      data.changes.append(integer(at + index * word, word))
      data.offsets.append(offset(kind))
    }
    data.first = offset(0)
    at += header.size(wide: wide)
    return data
  }

  /// A big-endian signed integer.
  private func integer(_ start: Int, _ count: Int) -> Int64 {
    var value = Int64(Int8(bitPattern: bytes[start]))
    for byte in bytes[start + 1..<start + count] { value = value << 8 | Int64(byte) }
    return value
  }
}
