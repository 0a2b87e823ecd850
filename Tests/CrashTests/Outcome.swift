import Foundation

/// What stands in an appended file, compared with what must.
struct Outcome: CustomStringConvertible {
  private(set) var lost: [Int] = []
  private(set) var doubled: [Int] = []
  /// How often a record stands behind a later one: each is where a run went back to its checkpoint.
  private(set) var stepsBack = 0
  /// Lines that are not byte for byte a row that must be there: torn, two in one, or of another record.
  private(set) var broken: [String] = []

  init(file: URL, records: Records) throws {
    let rows = try Data(contentsOf: file).dropFirst(Records.before.utf8.count)
    var seen = [Bool](repeating: false, count: records.places.count)
    var last = -1
    rows.withUnsafeBytes { rows in
      records.wanted.withUnsafeBytes { wanted in
        for line in Self.lines(rows) {
          let id = Self.id(line)
          guard let place = id.flatMap({ records.places.indices.contains($0) ? records.places[$0] : nil }), let id,
            Self.isEqual(line, UnsafeRawBufferPointer(rebasing: wanted[place]))
          else {
            broken.append(String(decoding: line.prefix(200), as: UTF8.self))
            continue
          }
          if seen[id] { doubled.append(id) }
          seen[id] = true
          if id <= last { stepsBack += 1 }
          last = id
        }
      }
    }
    lost = records.places.indices.filter { records.places[$0] != nil && !seen[$0] }
  }

  /// Every record is there, in order, and no more often than the kills explain.
  func isRight(kills: Int, repeatsAllowed: Int) -> Bool {
    lost.isEmpty && broken.isEmpty && stepsBack <= kills && doubled.count <= repeatsAllowed
  }

  var description: String {
    "lost \(lost.count) \(lost.prefix(5)), doubled \(doubled.count) \(doubled.prefix(5)), "
      + "broken \(broken.count) \(broken.prefix(3)), steps back \(stepsBack)"
  }

  /// With their line ends; the last may have none.
  private static func lines(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
    var lines: [UnsafeRawBufferPointer] = []
    var begin = 0
    while begin < bytes.count, let base = bytes.baseAddress {
      let end = memchr(base + begin, 0x0a, bytes.count - begin).map { UnsafeRawPointer($0) - base + 1 } ?? bytes.count
      lines.append(UnsafeRawBufferPointer(rebasing: bytes[begin..<end]))
      begin = end
    }
    return lines
  }

  /// The number behind `{"id":`; the bytes of a line end it.
  private static func id(_ line: UnsafeRawBufferPointer) -> Int? {
    let prefix = #"{"id":"#
    guard line.count > prefix.utf8.count, let base = line.baseAddress, line.last == 0x0a else { return nil }
    guard strncmp(base.assumingMemoryBound(to: CChar.self), prefix, prefix.utf8.count) == 0 else { return nil }
    return strtol(base.assumingMemoryBound(to: CChar.self) + prefix.utf8.count, nil, 10)
  }

  private static func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count, let a = a.baseAddress, let other = b.baseAddress else { return false }
    return memcmp(a, other, b.count) == 0
  }
}
