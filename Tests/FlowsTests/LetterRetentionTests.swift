import Records
import Synchronization
import Testing

@testable import ConnectorKit
@testable import Flows

/// Which dead letters stay, and that their file holds no others.
struct LetterRetentionTests {
  private static func line(_ id: String, at: Int64 = 0, bytes: UInt64 = 10) -> LetterRetention.Line {
    LetterRetention.Line(id: id, time: WallTime.text(at), at: at, bytes: bytes)
  }

  private static func entry(
    _ id: String, _ outcome: LetterJournal.Outcome, of at: Int64 = 0
  ) -> (String, LetterJournal.Entry) {
    (id, LetterJournal.Entry(id: id, time: WallTime.text(at), outcome: outcome, at: 1))
  }

  /// The ids that stay, and how many were replayed, were discarded and have expired.
  private func verdict(
    _ retention: LetterRetention, _ lines: [LetterRetention.Line], _ entries: [(String, LetterJournal.Entry)] = []
  ) -> String {
    let verdict = retention.verdict(lines, Dictionary(uniqueKeysWithValues: entries), now: 1_000)
    let stays = zip(lines, verdict.stays).compactMap { $1 ? $0.id : nil }.joined()
    return "\(stays) \(verdict.gone.replayed) \(verdict.gone.discarded) \(verdict.gone.expired)"
  }

  @Test func whatIsDoneGoes() {
    let lines = ["a", "b", "c", "d"].map { Self.line($0) }
    let entries = [Self.entry("a", .replayed), Self.entry("b", .discarded), Self.entry("c", .failed)]
    #expect(verdict(LetterRetention(), lines, entries) == "cd 1 1 0")
  }

  @Test func aLetterThatCameAgainIsOpen() {
    // Of two lines with one id the later one counts, and what became of the earlier says nothing about it.
    let lines = [Self.line("a", at: 1), Self.line("b", at: 2), Self.line("a", at: 3)]
    let entries = [Self.entry("a", .replayed, of: 1)]
    let found = LetterRetention().verdict(lines, Dictionary(uniqueKeysWithValues: entries), now: 9)
    #expect(found.stays == [false, true, true] && found.gone == LetterTotals())
  }

  @Test func theOldAndTheManyGo() {
    let lines = [Self.line("a", at: 100), Self.line("b", at: 500), Self.line("c", at: 900)]
    #expect(verdict(LetterRetention(age: 500), lines) == "bc 0 0 1")
    #expect(verdict(LetterRetention(bytes: 20), lines) == "bc 0 0 1")
    #expect(verdict(LetterRetention(bytes: 5), lines) == " 0 0 3")
    #expect(verdict(LetterRetention(age: 900, bytes: 30), lines) == "abc 0 0 0")
  }

  // MARK: - The file

  private final class Clock: Sendable {
    let now = Mutex<Int64>(0)
  }

  private struct Place {
    let folder: TemporaryFolder
    let clock = Clock()
    var path: String { folder.path + "/letters.ndjson" }
    var journal: LetterJournal { LetterJournal(letters: path) }

    init() throws { folder = try TemporaryFolder() }

    func sink(_ retention: LetterRetention = LetterRetention()) -> FileDeadLetters {
      FileDeadLetters(path: path, retention: retention) { [clock] in clock.now.withLock { $0 } }
    }

    func ids() throws -> [String] {
      try folder.text("letters.ndjson").split(separator: "\n").map { try Value(json: String($0))["id"]?.string ?? "" }
    }
  }

  private func letter(_ id: String, at time: Int64 = 0) -> DeadLetter {
    DeadLetter(
      id: id, pipeline: "p", fingerprint: "f", time: time, code: "c", stage: "s", message: "m", attempts: 1,
      origin: "o",
      operation: .create)
  }

  @Test func theNextRunTakesOutWhatIsDone() async throws {
    let place = try Place()
    let first = place.sink()
    try await first.open(at: nil)
    try await first.append(["a", "b", "c"].map { letter($0) })
    let mark = try await first.flush()
    await first.close()
    try place.journal.append([Self.entry("a", .replayed).1, Self.entry("b", .failed).1])
    let second = place.sink()
    try await second.open(at: mark)
    #expect(try place.ids() == ["b", "c"])
    #expect(try place.journal.read().totals == LetterTotals(replayed: 1))
    #expect(try Array(place.journal.read().entries.keys) == ["b"])
    // It is appended to, held, and marked like any other.
    await #expect(throws: FlowError.self) { try await place.sink().open(at: nil) }
    let newMark = try await second.flush()
    try await second.append([letter("d")])
    await second.close()
    #expect(try place.ids() == ["b", "c", "d"])
    let third = place.sink()
    try await third.open(at: newMark)
    #expect(try place.ids() == ["b", "c"])
    await third.close()
    // Later work adds to the counts.
    try place.journal.append([Self.entry("b", .discarded).1])
    let fourth = place.sink()
    try await fourth.open(at: nil)
    await fourth.close()
    #expect(try place.ids() == ["c"])
    #expect(
      try place.journal.read() == LetterJournal.Contents(entries: [:], totals: LetterTotals(replayed: 1, discarded: 1)))
  }

  @Test func aRunThatGoesOnLooksAgain() async throws {
    let place = try Place()
    let sink = place.sink(LetterRetention(age: 1_000_000))
    try await sink.open(at: nil)
    try await sink.append([letter("a", at: 0), letter("b", at: 4_000_000)])
    place.clock.now.withLock { $0 = 3_599_999 }
    _ = try await sink.flush()
    #expect(try place.ids() == ["a", "b"])
    place.clock.now.withLock { $0 = 4_000_000 }
    let mark = try await sink.flush()
    #expect(try place.ids() == ["b"])
    #expect(try place.journal.read().totals == LetterTotals(expired: 1))
    try await sink.append([letter("c", at: 4_000_000)])
    await sink.close()
    let next = place.sink()
    try await next.open(at: mark)
    #expect(try place.ids() == ["b"])
    await next.close()
  }

  @Test func linesThatAreNoLettersStay() async throws {
    let place = try Place()
    try place.folder.write("{\"id\":1}\nnonsense\n", to: "letters.ndjson")
    let first = place.sink(LetterRetention(age: 1))
    try await first.open(at: nil)
    try await first.append([letter("a")])
    await first.close()
    try place.journal.append([Self.entry("a", .replayed).1])
    let second = place.sink()
    try await second.open(at: nil)
    await second.close()
    #expect(try place.folder.text("letters.ndjson") == "{\"id\":1}\nnonsense\n")
  }
}
