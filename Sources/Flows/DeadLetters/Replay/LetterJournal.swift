import ConnectorKit
import Glibc
import Records

/// What became of dead letters after they were written: a file of NDJSON beside theirs that is only ever appended to, so
/// that the letters' own file belongs to the runs alone.
package struct LetterJournal: Sendable {
  package enum Outcome: String, Sendable {
    case replayed, discarded
    /// It was sent again, and refused again.
    case failed
  }

  /// What became of one letter. A letter that is written anew has another time, and is open again.
  package struct Entry: Sendable, Equatable {
    package var id: String
    /// Of the letter, as it stands in its file.
    package var time: String
    package var outcome: Outcome
    /// Milliseconds since 1970, UTC.
    package var at: Int64
    /// Why it was refused again.
    package var reason: Reason?

    package init(id: String, time: String, outcome: Outcome, at: Int64, reason: Reason? = nil) {
      self.id = id
      self.time = time
      self.outcome = outcome
      self.at = at
      self.reason = reason
    }
  }

  package struct Reason: Sendable, Equatable {
    package var code: String
    package var stage: String
    package var field: String?
    package var message: String

    package init(code: String, stage: String, field: String?, message: String) {
      self.code = code
      self.stage = stage
      self.field = field
      self.message = message
    }
  }

  package let path: String

  /// - Parameter letters: the path of the dead letters.
  package init(letters: String) {
    let ending = ".ndjson"
    path = (letters.hasSuffix(ending) ? String(letters.dropLast(ending.count)) : letters) + ".done.ndjson"
  }

  package struct Contents: Sendable, Equatable {
    /// The last of each letter, by its id.
    package var entries: [String: Entry] = [:]
    /// What became of letters that are in no file any more.
    package var totals = LetterTotals()
  }

  /// A last line that a crash cut off is left out: what it told of is done again.
  package func read() throws(FileError) -> Contents {
    guard try Files.info(path) != nil else { return Contents() }
    return try Self.contents(DurableFile(path, for: .reading))
  }

  private static func contents(_ file: DurableFile) throws(FileError) -> Contents {
    let bytes = try file.read(at: 0, count: Int(file.info().size))
    var contents = Contents()
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let value = try? Value(json: String(decoding: line, as: UTF8.self)) else { continue }
      if let totals = LetterTotals(value) { contents.totals = totals }
      if let entry = Entry(value) { contents.entries[entry.id] = entry }
    }
    return contents
  }

  /// Returns when all of them are durable.
  package func append(_ entries: [Entry]) throws(FileError) {
    guard !entries.isEmpty else { return }
    let file = try locked()
    var lines = ByteBuffer()
    let size = try file.info().size
    if size > 0, try file.read(at: size - 1, count: 1).last != UInt8(ascii: "\n") { lines.append("\n") }
    for entry in entries {
      lines.append(entry.value.json)
      lines.append("\n")
    }
    try file.write(lines.bytes)
    try file.sync()
    if size == 0 { try Files.syncFolder(of: path) }
  }

  /// Writes the journal anew, while nobody appends to it.
  ///
  /// - Parameter body: gets what stands there and gives what shall, with its own result; nil to leave all as it is.
  func rewrite<Result>(
    _ body: (Contents) throws(FileError) -> (Result, [Entry], LetterTotals)?
  ) throws(FileError) -> Result? {
    let file = try locked()
    guard let (result, entries, totals) = try body(Self.contents(file)) else { return nil }
    var lines = ByteBuffer()
    for value in [totals.value] + entries.map(\.value) {
      lines.append(value.json)
      lines.append("\n")
    }
    try file.truncate(to: 0)
    try file.write(lines.bytes)
    try file.sync()
    return result
  }

  /// How often, and how long, whoever else has the journal is waited for: it is read and written in between, no more.
  private static let lockTriesMax = 200
  private static let lockPause: UInt32 = 50_000

  private func locked() throws(FileError) -> DurableFile {
    let file = try DurableFile(path, for: .appending)
    for _ in 0..<Self.lockTriesMax {
      if try file.tryLock() { return file }
      usleep(Self.lockPause)
    }
    throw FileError(.lock, path, EWOULDBLOCK)
  }
}

extension LetterTotals {
  /// nil for a line of the journal that is about one letter.
  init?(_ value: Value) {
    guard let totals = value["totals"] else { return nil }
    func count(_ name: String) -> Int { totals[name]?.int.map { Int(clamping: $0) } ?? 0 }
    self.init(replayed: count("replayed"), discarded: count("discarded"), expired: count("expired"))
  }

  var value: Value {
    [
      "totals": [
        "replayed": .int(Int64(replayed)), "discarded": .int(Int64(discarded)), "expired": .int(Int64(expired)),
      ]
    ]
  }
}

extension LetterJournal.Entry {
  init?(_ value: Value) {
    guard let id = value["id"]?.string, let time = value["time"]?.string,
      let outcome = value["outcome"]?.string.flatMap(LetterJournal.Outcome.init)
    else { return nil }
    self.init(id: id, time: time, outcome: outcome, at: value["at"]?.int ?? 0)
    if let code = value["code"]?.string {
      reason = LetterJournal.Reason(
        code: code, stage: value["stage"]?.string ?? "", field: value["field"]?.string,
        message: value["message"]?.string ?? "")
    }
  }

  var value: Value {
    var members: [Value.Member] = [
      .init("id", .string(id)), .init("time", .string(time)), .init("outcome", .string(outcome.rawValue)),
      .init("at", .int(at)),
    ]
    if let reason {
      members += [
        .init("code", .string(reason.code)), .init("stage", .string(reason.stage)),
        .init("field", reason.field.map { .string($0) } ?? .null), .init("message", .string(reason.message)),
      ]
    }
    return .object(members)
  }
}
