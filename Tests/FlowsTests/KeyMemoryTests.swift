import ConnectorKit
import Records
import Testing

@testable import Flows

/// What a `dedupe` step remembers, as a conversation.
struct KeyMemoryTests {
  private func digest(_ name: Int) -> KeyDigest { KeyDigest(high: 7, low: UInt64(name)) }

  /// A batch of events of these keys and times, some of which failed.
  private func batch(_ keys: [(key: Int, time: Int64)], failed: Set<Int> = [], step: UInt16 = 0) -> Batch {
    let batch = Batch()
    for (index, key) in keys.enumerated() {
      batch.events.append(Event(.create, record: 0, offset: 0, length: 0))
      batch.dedupeKeys.append(
        DedupeKey(event: UInt32(index), step: step, stamp: key.time, digest: digest(key.key)))
      if failed.contains(index) {
        batch.fail(index, Failure(event: index, code: "c", stage: "s", message: "m"))
      }
    }
    return batch
  }

  private func settle(_ memory: inout KeyMemory, _ keys: [Int]) -> [Int] {
    memory.settle(batch(keys.map { ($0, 0) })).duplicates
  }

  @Test func aRepetitionIsADuplicateWithinABatchAndAcross() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 100)])
    #expect(settle(&memory, [1, 2, 1, 1]) == [2, 3])
    #expect(settle(&memory, [3, 2]) == [1])
    #expect(memory.mark == KeyMark(end: 3, heads: [0]))
  }

  @Test func theOldestIsForgottenBeyondTheBound() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 2)])
    #expect(settle(&memory, [1, 2, 3, 1, 3]) == [4])
    #expect(memory.mark == KeyMark(end: 4, heads: [2]))
    #expect(memory.lost == 0, "without a window of time nothing was promised")
  }

  @Test func theirOwnTimesDecideHowFarApartTwoEventsAre() {
    var memory = KeyMemory([DedupeWindow(time: .seconds(1), records: 100)])
    #expect(memory.settle(batch([(1, 0), (1, 1_000), (1, 1_001), (1, 500), (2, 0)])).duplicates == [1, 3])
    // The key at 0 is over, and the one at 1,001 counts.
    #expect(memory.settle(batch([(1, 2_001), (1, 2_002)])).duplicates == [0])
  }

  @Test func aWrongTimeDoesNotEmptyTheMemory() {
    var memory = KeyMemory([DedupeWindow(time: .seconds(1), records: 100)])
    _ = memory.settle(batch((0..<10).map { ($0, 0) }))
    #expect(memory.settle(batch([(99, 1_000_000_000)])).duplicates == [])
    #expect(memory.settle(batch((0..<10).map { ($0, 1) })).duplicates == Array(2..<10))
  }

  @Test func keysThatGoBeforeTheirTimeAreCounted() {
    var memory = KeyMemory([DedupeWindow(time: .seconds(1), records: 2)])
    _ = memory.settle(batch([(1, 0), (2, 1), (3, 2), (4, 5_000)]))
    #expect(memory.lost == 1)
  }

  @Test func aFailedEventIsNotRemembered() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 100)])
    #expect(memory.settle(batch([(1, 0)], failed: [0])).duplicates == [])
    #expect(settle(&memory, [1, 1]) == [1])
  }

  @Test func aFailureAfterTheFirstEventIsADuplicate() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 100)])
    let batch = batch([(1, 0), (1, 0)], failed: [1])
    batch.mark(memory.settle(batch))
    #expect(batch.events[1].outcome == .duplicate && batch.failures.isEmpty)
  }

  @Test func whatATargetRefusesIsForgotten() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 100)])
    let first = batch([(1, 0), (2, 0)])
    _ = memory.settle(first)
    memory.forget(0, of: first)
    #expect(settle(&memory, [1, 2]) == [1])
    #expect(memory.take(before: 99).keys.map(\.isForgotten) == [true, false, false])
  }

  @Test func stepsRememberForThemselves() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 1), DedupeWindow(time: nil, records: 100)])
    _ = settle(&memory, [1])
    #expect(memory.settle(batch([(1, 0), (2, 0), (3, 0), (1, 0)], step: 1)).duplicates == [3])
    #expect(settle(&memory, [1]) == [0])
    #expect(memory.mark == KeyMark(end: 4, heads: [0, 1]))
  }

  @Test func onlyWhatIsOlderThanItsKeyComesTooLate() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 2, comparesVersions: true)])
    #expect(
      memory.settle(batch([(1, 10), (1, 8), (1, 10), (1, 12), (2, 1), (1, 11)])) == NeedlessEvents(stale: [1, 5]))
    #expect(memory.settle(batch([(1, 11), (2, 0), (2, 2)])) == NeedlessEvents(stale: [0, 1]))
    // Each version takes a place: the last two are those of the second key.
    #expect(memory.settle(batch([(2, 1), (1, 1)])) == NeedlessEvents(stale: [0]))
  }

  @Test func aVersionThatATargetRefusesStillCounts() {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 2, comparesVersions: true)])
    let refused = batch([(1, 10)])
    _ = memory.settle(refused)
    memory.forget(0, of: refused)
    #expect(memory.settle(batch([(1, 9), (1, 10)])) == NeedlessEvents(stale: [0]))
  }

  @Test func whatIsADuplicateIsNoLateOne() {
    var memory = KeyMemory([
      DedupeWindow(time: nil, records: 9), DedupeWindow(time: nil, records: 9, comparesVersions: true),
    ])
    let batch = batch([(1, 5), (1, 4)])
    for event in 0..<2 {
      batch.dedupeKeys.append(DedupeKey(event: UInt32(event), step: 1, stamp: Int64(5 - event), digest: digest(2)))
    }
    var keys = (0..<4).map { batch.dedupeKeys[$0] }
    keys.sort { $0.event < $1.event }
    for (index, key) in keys.enumerated() { batch.dedupeKeys[index] = key }
    #expect(memory.settle(batch) == NeedlessEvents(duplicates: [1]))
  }

  /// Against a plain list, over many keys: the table must hold after every kind of removal.
  @Test(arguments: [1, 2, 7, 64, 1_000])
  func itAgreesWithAPlainList(records: Int) {
    var memory = KeyMemory([DedupeWindow(time: nil, records: records)])
    var plain: [Int] = []
    var random = SeededRandom(seed: UInt64(records))
    for _ in 0..<20_000 {
      let key = random.below(records * 2)
      let isKnown = plain.contains(key)
      let batch = batch([(key, 0)])
      #expect(memory.settle(batch).duplicates == (isKnown ? [0] : []))
      guard !isKnown else { continue }
      plain = plain.suffix(records - 1) + [key]
      if random.chance(10) {
        memory.forget(0, of: batch)
        // Its place stays taken.
        plain[plain.count - 1] = -1
      }
    }
  }

  @Test func aStoredMemoryDecidesAsBefore() throws {
    var memory = KeyMemory([DedupeWindow(time: nil, records: 3)])
    _ = settle(&memory, [1, 2, 3, 4])
    let keys = memory.take(before: 4)
    let stored = StoredKeys(mark: memory.mark, first: 1, keys: Array(keys.keys.dropFirst()))
    var again = KeyMemory([DedupeWindow(time: nil, records: 3)], from: stored)
    #expect(again.mark == memory.mark)
    #expect(settle(&again, [2, 1, 2]) == settle(&memory, [2, 1, 2]))
    #expect(KeyMark(memory.mark.value) == memory.mark)
  }

  @Test func whatAReplayLetThroughIsRememberedFromItsStartOn() {
    let windows = [
      DedupeWindow(time: .seconds(1), records: 100), DedupeWindow(time: nil, records: 100, comparesVersions: true),
    ]
    var stored = StoredKeys(mark: KeyMark(end: 7, heads: [7, 7]), first: 7)
    stored.replayed = [
      RememberedKey(digest: digest(1), stamp: 500, step: 0), RememberedKey(digest: digest(1), stamp: 5, step: 1),
      RememberedKey(digest: digest(1), stamp: 9, step: 2),
    ]
    var memory = KeyMemory(windows, from: stored)
    #expect(
      memory.mark == KeyMark(end: 9, heads: [7, 8]), "it has numbers now, so that the next checkpoint counts on it")
    #expect(memory.settle(batch([(1, 600), (1, 9_000)])).duplicates == [0])
    #expect(memory.settle(batch([(1, 4), (1, 6)], step: 1)).stale == [0])
    let taken = memory.take(before: 11).keys
    #expect(taken.map(\.stamp) == [500, 5, 9_000, 6])
    // A run that was interrupted has given them numbers, and has let newer ones through.
    stored = StoredKeys(mark: KeyMark(end: 11, heads: [7, 8]), first: 7, keys: taken)
    stored.replayed = [RememberedKey(digest: digest(1), stamp: 5, step: 1)]
    memory = KeyMemory(windows, from: stored)
    #expect(memory.mark.end == 11)
    #expect(memory.settle(batch([(1, 5), (1, 6)], step: 1)).stale == [0])
  }
}

struct FileKeyStoreTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func keys(_ names: Range<UInt64>) -> NumberedKeys {
    NumberedKeys(
      first: names.lowerBound,
      keys: names.map { RememberedKey(digest: KeyDigest(high: 1, low: $0), stamp: Int64($0) - 5, step: 3) })
  }

  private var store: FileKeyStore { FileKeyStore(folder: folder.path + "/k", segmentKeys: 10) }

  private func write(_ names: Range<UInt64>, at mark: KeyMark?) async throws {
    let store = store
    _ = try await store.open(at: mark)
    try await store.append(keys(names))
    try await store.flush()
    await store.close()
  }

  private func read(end: UInt64, head: UInt64 = 0) async throws -> StoredKeys {
    let store = store
    defer { Task { await store.close() } }
    return try await store.open(at: KeyMark(end: end, heads: [head]))
  }

  @Test func keysComeBackUpToTheMark() async throws {
    try await write(0..<25, at: nil)
    let stored = try await read(end: 23, head: 4)
    #expect(stored.first == 4 && stored.keys == keys(4..<23).keys && stored.missing == 0)
    // What lay behind the mark is cut off, and the next ones take its place.
    try await write(23..<24, at: KeyMark(end: 23, heads: [4]))
    #expect(try await read(end: 25, head: 20).missing == 1)
  }

  private func remembered(_ stored: StoredKeys) -> [UInt64] { stored.replayed.map(\.digest.low) }

  @Test func whatReplaysLetThroughGoesWithACheckpointThatCountsOnIt() async throws {
    try await write(0..<8, at: nil)
    let mark = KeyMark(end: 8, heads: [0, 0, 0, 0])
    for names in [100..<102, 102..<103] as [Range<UInt64>] {
      let replay = ReplayKeyStore(store, at: mark)
      // The next replay asks for what the one before let through.
      let asked = try await replay.open(at: nil)
      #expect(asked.replayed == [] && asked.mark.end == 8 + UInt64(names.lowerBound - 100))
      #expect(asked.keys.map(\.digest.low) == Array(0..<8) + Array(100..<names.lowerBound))
      try await replay.append(NumberedKeys(first: 8, keys: keys(names).keys + [.forgotten(step: 3)]))
    }
    for _ in 0..<2 { #expect(try await remembered(store.open(at: mark)) == [100, 101, 102]) }
    let store = store
    _ = try await store.open(at: mark)
    try await store.release(before: 0)
    #expect(try await remembered(store.open(at: mark)) == [])
  }

  @Test func aTornEndOfReplayedKeysIsWrittenOver() async throws {
    try await write(0..<1, at: nil)
    let mark = KeyMark(end: 1, heads: [0])
    let replay = ReplayKeyStore(store, at: mark)
    try await replay.append(keys(5..<7))
    try DurableFile(folder.path + "/k/replayed.keys", for: .writing).truncate(to: 50)
    #expect(try await remembered(store.open(at: mark)) == [5])
    try await replay.append(keys(7..<9))
    #expect(try await remembered(store.open(at: mark)) == [5, 7, 8])
  }

  @Test func whoRemembersNothingForgetsReplaysToo() async throws {
    try await write(0..<1, at: nil)
    try await ReplayKeyStore(store, at: nil).append(keys(4..<5))
    try await ReplayKeyStore(store, at: KeyMark(end: 1, heads: [0])).append(keys(5..<6))
    #expect(try await remembered(store.open(at: KeyMark(end: 1, heads: [0]))) == [5])
    #expect(try await remembered(store.open(at: nil)) == [])
    #expect(try await remembered(store.open(at: KeyMark(end: 1, heads: [0]))) == [])
  }

  /// A target that stores the position with its rows may be further than the checkpoint, and counts on later keys.
  @Test func whoAsksCutsNothingOff() async throws {
    try await write(0..<25, at: nil)
    let asked = ReplayKeyStore(store, at: KeyMark(end: 13, heads: [4]))
    #expect(try await asked.open(at: nil).keys == keys(4..<13).keys)
    try await asked.append(keys(13..<40))
    await asked.close()
    #expect(try await read(end: 25).keys == keys(0..<25).keys)
  }

  @Test func withoutAMarkNothingIsRemembered() async throws {
    try await write(0..<25, at: nil)
    try await write(0..<2, at: nil)
    #expect(try folder.names.count == 1 && FileKeyStoreTests.names(folder) == ["000000000000.keys"])
    #expect(try await read(end: 2).keys == keys(0..<2).keys)
  }

  private static func names(_ folder: TemporaryFolder) throws -> [String] {
    try Files.names(in: folder.path + "/k")
  }

  @Test func segmentsGoThatNoCheckpointNeeds() async throws {
    let store = store
    _ = try await store.open(at: nil)
    try await store.append(keys(0..<35))
    try await store.flush()
    try await store.release(before: 20)
    #expect(try Self.names(folder) == ["000000000002.keys", "000000000003.keys"])
    try await store.append(keys(35..<41))
    try await store.flush()
    await store.close()
    let stored = try await read(end: 41, head: 22)
    #expect(stored.keys == keys(22..<41).keys && stored.missing == 0)
  }

  @Test func damageIsCountedAndNothingWrongIsRemembered() async throws {
    try await write(0..<25, at: nil)
    let path = folder.path + "/k/000000000001.keys"
    let file = try DurableFile(path, for: .writing)
    var byte = ByteBuffer()
    byte.append(0xff)
    try file.write(byte.bytes, at: 40)
    try file.truncate(to: 9 * 32)
    let stored = try await read(end: 25)
    #expect(stored.missing == 2 && stored.keys.count == 25)
    #expect(stored.keys.indices.filter { stored.keys[$0].isForgotten } == [11, 19])
    try Files.remove(path)
    #expect(try await read(end: 25).missing == 10)
  }
}
