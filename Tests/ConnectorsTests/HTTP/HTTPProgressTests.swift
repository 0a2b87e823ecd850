import ConnectorKit
import Records
import Testing

@testable import Connectors

/// How far polling is, as a conversation.
struct HTTPProgressTests {
  private func takes(_ progress: inout HTTPProgress, _ key: String, _ time: String?, _ state: String = "s") -> Bool {
    progress.takes(key, time: time, state: state)
  }

  @Test func aPollAsksFromTheHighestTimeLessTheOverlap() {
    var progress = HTTPProgress()
    #expect(takes(&progress, "a", "2026-01-01T10:00:00Z"))
    #expect(takes(&progress, "b", "2026-01-01T09:00:00Z"))
    progress.endPass(overlap: .seconds(60))
    #expect(
      progress.since == "2026-01-01T09:59:00Z" && progress.seen.mapValues(\.time) == ["a": "2026-01-01T10:00:00Z"])
    #expect(!takes(&progress, "a", "2026-01-01T10:00:00Z"), "given already")
    #expect(takes(&progress, "a", "2026-01-01T10:00:01Z"))
    #expect(takes(&progress, "c", "2026-01-01T10:00:00Z"))
    #expect(progress.highest == "2026-01-01T10:00:01Z")
  }

  /// Where times count seconds, a record that was read in the middle of one may change once more within it.
  @Test func aRecordThatChangesTwiceWithinItsTimeIsGivenTwice() {
    var progress = HTTPProgress()
    #expect(takes(&progress, "a", "1700000000", "first"))
    progress.endPass(overlap: .zero)
    #expect(takes(&progress, "a", "1700000000", "second"))
    #expect(!takes(&progress, "a", "1700000000", "second"))
  }

  /// Those of before hold times alone.
  @Test func anOlderCheckpointIsRead() throws {
    var value = HTTPProgress().position.value
    if case .object(let members) = value {
      value = .object(members.filter { $0.name != "seen" } + [.init("seen", ["a": "7"])])
    }
    let progress = try HTTPProgress(Position(format: 1, value: value))
    #expect(progress.seen == ["a": HTTPProgress.Seen(time: "7", state: "")])
  }

  /// One record that is stamped with a year too many must not end the polling.
  @Test func aTimeOfTheFutureMovesNoFurtherThanTheServersClock() {
    var progress = HTTPProgress()
    #expect(takes(&progress, "a", "2999-01-01T00:00:00Z"))
    progress.endPass(overlap: .seconds(1), clock: 1_793_520_000_000)
    #expect(progress.since == "2026-11-01T07:59:59Z")
    #expect(!takes(&progress, "a", "2999-01-01T00:00:00Z"), "given already")
    #expect(takes(&progress, "b", "2026-11-01T08:00:01Z"))
    progress.endPass(overlap: .zero, clock: nil)
    #expect(progress.since == "2999-01-01T00:00:00Z", "nobody knows better")
  }

  @Test func aRecordWithoutATimeMovesNothing() {
    var progress = HTTPProgress()
    for _ in 0..<2 { #expect(takes(&progress, "a", nil)) }
    progress.endPass(overlap: .zero)
    #expect(progress.since == nil && progress.seen.isEmpty && progress.passes == 1)
  }

  /// The first pass sees every record that there is, and each page's position has what is remembered.
  @Test func noMoreIsRememberedThanItsBoundWithinAPass() {
    var progress = HTTPProgress()
    for number in 1...3 * HTTPProgress.seenMax { _ = takes(&progress, "\(number)", "\(number)") }
    #expect(progress.seen.count <= 2 * HTTPProgress.seenMax && progress.highest == "\(3 * HTTPProgress.seenMax)")
    #expect(!takes(&progress, "\(3 * HTTPProgress.seenMax)", "\(3 * HTTPProgress.seenMax)"), "the latest stay")
    progress.endPass(overlap: .zero)
    #expect(progress.seen.mapValues(\.time) == ["\(3 * HTTPProgress.seenMax)": "\(3 * HTTPProgress.seenMax)"])
  }

  @Test func aPositionIsReadAsItWasWritten() throws {
    var progress = HTTPProgress()
    _ = takes(&progress, "a", "7")
    progress.endPass(overlap: .zero)
    (progress.etag, progress.etagAddress) = ("\"x\"", "http://a/")
    #expect(try HTTPProgress(progress.position) == progress)
  }
}
