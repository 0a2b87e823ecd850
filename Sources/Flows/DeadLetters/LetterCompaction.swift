import ConnectorKit
import Records

/// Writes the file of dead letters anew without those that are worked through or kept no longer.
///
/// The letters' new file takes the old one's place as a whole before their journal is emptied, so a crash in between
/// leaves a journal that tells of letters that are gone, which harms nobody.
struct LetterCompaction {
  /// How much of the file is looked at for its first letter, in bytes.
  private static let firstLineMax = 64 << 10

  let path: String
  let retention: LetterRetention

  /// - Parameter file: the letters' own, which the caller has locked.
  /// - Returns: the new file, locked; nil where all stays as it is.
  func run(_ file: DurableFile, now: Int64) throws(FileError) -> DurableFile? {
    let journal = LetterJournal(letters: path)
    guard try isDue(file, journal, now) else { return nil }
    return try journal.rewrite {
      (contents: LetterJournal.Contents) throws(FileError) -> (DurableFile, [LetterJournal.Entry], LetterTotals)? in
      let verdict = retention.verdict(try allLines(), contents.entries, now: now)
      guard verdict.stays.contains(false) else { return nil }
      let written = try write(verdict.stays)
      // A letter that stays may have a newer reason.
      let failed = contents.entries.values.filter { $0.outcome == .failed }.sorted { $0.id < $1.id }
      return (written, failed, contents.totals + verdict.gone)
    }
  }

  /// Whether a look at all letters may find any that go.
  private func isDue(_ file: DurableFile, _ journal: LetterJournal, _ now: Int64) throws(FileError) -> Bool {
    if let bytes = retention.bytes, try file.info().size > bytes { return true }
    if try journal.read().entries.values.contains(where: { $0.outcome != .failed }) { return true }
    guard let age = retention.age else { return false }
    // The first is the oldest.
    let begin = try file.read(at: 0, count: Self.firstLineMax)
    let end = begin.firstIndex(of: UInt8(ascii: "\n")) ?? begin.endIndex
    guard !begin.isEmpty else { return false }
    return line(begin[..<end]).map { now - $0.at > age } ?? true
  }

  private func allLines() throws(FileError) -> [LetterRetention.Line] {
    var lines: [LetterRetention.Line] = []
    try LetterLines.read(path, mapping: { $0 }) { bytes throws(FileError) in
      for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
        // What is no letter stays, under no letter's id.
        lines.append(
          line(text)
            ?? LetterRetention.Line(id: "\u{0}\(lines.count)", time: "", at: .max, bytes: UInt64(text.count + 1)))
      }
    }
    return lines
  }

  private func line(_ text: ArraySlice<UInt8>) -> LetterRetention.Line? {
    guard let value = try? Value(json: String(decoding: text, as: UTF8.self)), let id = value["id"]?.string,
      let time = value["time"]?.string, let at = WallTime.milliseconds(time)
    else { return nil }
    return LetterRetention.Line(id: id, time: time, at: at, bytes: UInt64(text.count + 1))
  }

  private func write(_ stays: [Bool]) throws(FileError) -> DurableFile {
    let real = Files.resolved(path)
    let new = try DurableFile(Files.partial(of: real), for: .appending)
    try new.lock()
    try new.truncate(to: 0)
    var index = 0
    try LetterLines.read(path, mapping: { $0 }) { bytes throws(FileError) in
      var kept = ByteBuffer()
      for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
        if stays[index] {
          text.withUnsafeBytes { kept.append($0) }
          kept.append("\n")
        }
        index += 1
      }
      try new.write(kept.bytes)
    }
    try Files.publish(new, as: real)
    return new
  }
}
