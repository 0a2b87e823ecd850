import Foundation
import Testing

/// The real program on real files, killed with SIGKILL again and again (Invariant 2).
@Suite(.serialized)
struct CrashTests {
  /// A kill in so many comes at a time, mostly while the program starts; the others when the target has a certain size.
  private static let timedOneIn = 4
  private static let timedWithin = 0.1

  /// A replaced file ends byte for byte as that of an undisturbed run; an appended one may hold the rows behind the last
  /// checkpoint once more for each kill.
  @Test(arguments: ["append", "replace"])
  func `a killed run goes on without loss`(write: String) throws {
    try #require(
      FileManager.default.isExecutableFile(atPath: Settings.binary.path), "no program at \(Settings.binary.path)")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-crash-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let records = try Records(Settings.records, in: folder)
    let undisturbed = try Workplace(source: records.file, write: write)
    try finish(undisturbed)
    try check(undisturbed, records, write: write, kills: 0, repeatsAllowed: 0)
    var chance = SeededRandom(seed: Settings.seed)
    var kills = 0
    while kills < Settings.kills {
      kills += try disturbedRun(records, write: write, kills: Settings.kills - kills, &chance)
    }
  }

  /// What `dedupe` remembers is of the same instant as the rows that stand: no key comes twice, and none is lost.
  @Test func `a key comes once, however often the run is killed`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-crash-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let count = Settings.records / 2
    let (source, wanted) = Self.repeated(count, keys: count / 3)
    let file = folder.appendingPathComponent("source.ndjson")
    try source.write(to: file, atomically: false, encoding: .utf8)
    let place = try Workplace(source: file, write: "replace", step: "dedupe: record.id")
    var chance = SeededRandom(seed: Settings.seed)
    var kills = 0
    while kills < Settings.kills {
      let mill = try Mill(place)
      let end = mill.end(
        killWhen: moment(place, left: Settings.kills - kills, of: wanted.utf8.count, &chance))
      guard end == .killed else {
        try #require(end == .exited(0), "\(end) after \(kills) kills: \(mill.said)")
        break
      }
      kills += 1
    }
    try finish(place)
    #expect(try Data(contentsOf: place.target) == Data(wanted.utf8), "seed \(Settings.seed), after \(kills) kills")
  }

  /// Records of which each key comes about three times, and the rows of the first of each.
  private static func repeated(_ count: Int, keys: Int) -> (source: String, wanted: String) {
    var (source, wanted) = ("", "")
    var known: Set<Int> = []
    for number in 0..<count {
      let key = number &* 7_919 % keys
      source += #"{"id":\#(key),"name":"record \#(number)","price":"1.50","tags":["a"]}"# + "\n"
      guard known.insert(key).inserted else { continue }
      wanted += #"{"id":\#(key),"name":"record \#(number)","price":1.50,"first":"a"}"# + "\n"
    }
    return (source, wanted)
  }

  /// Kills the run until it has been killed so often or reaches its end, then lets it end and looks at what it left.
  ///
  /// - Returns: how many kills there were.
  private func disturbedRun(
    _ records: Records, write: String, kills: Int, _ chance: inout SeededRandom
  ) throws -> Int {
    let place = try Workplace(source: records.file, write: write)
    var done = 0
    var repeatsAllowed = 0
    while done < kills {
      let mill = try Mill(place)
      let end = mill.end(killWhen: moment(place, left: kills - done, of: records.wanted.count, &chance))
      guard end == .killed else {
        try #require(end == .exited(4) || end == .exited(0), "\(end) after \(done) kills: \(mill.said)")
        break
      }
      done += 1
      if write == "append" { repeatsAllowed += try place.rowsBehindTheCheckpoint() }
    }
    try finish(place)
    try check(place, records, write: write, kills: done, repeatsAllowed: repeatsAllowed)
    return done
  }

  /// A random moment, so that all the kills that are left spread over the work that is left.
  private func moment(_ place: Workplace, left: Int, of bytes: Int, _ chance: inout SeededRandom) -> () -> Bool {
    if Int.random(in: 0..<Self.timedOneIn, using: &chance) == 0 {
      let time = Date().addingTimeInterval(Double.random(in: 0...Self.timedWithin, using: &chance))
      return { Date() >= time }
    }
    let written = place.writtenBytes
    let step = max(0, bytes - written) * 2 / (left + 1)
    let size = min(written + Int.random(in: 0...step, using: &chance), bytes * 99 / 100)
    var hasMoved = false
    return {
      // A restart first cuts off what no checkpoint tells of, and then may pass the size from above.
      let now = place.writtenBytes
      hasMoved = hasMoved || now != written
      return hasMoved && now >= size
    }
  }

  /// Runs to the end; some records are dead letters, so the exit code is 4, and 0 where none came in this run.
  private func finish(_ place: Workplace) throws {
    let mill = try Mill(place)
    let end = mill.end()
    try #require(end == .exited(4) || end == .exited(0), "\(end): \(mill.said)")
  }

  private func check(_ place: Workplace, _ records: Records, write: String, kills: Int, repeatsAllowed: Int) throws {
    let what = "seed \(Settings.seed), \(write), after \(kills) kills, \(repeatsAllowed) repeats allowed"
    if write == "replace" {
      #expect(try Data(contentsOf: place.target) == records.wanted, "\(what): not the bytes of an undisturbed run")
    } else {
      let outcome = try Outcome(file: place.target, records: records)
      #expect(outcome.isRight(kills: kills, repeatsAllowed: repeatsAllowed), "\(what): \(outcome)")
    }
    let missing = try records.dead.subtracting(place.deadLetterNames())
    #expect(missing.isEmpty, "\(what): \(missing.count) dead letters lost \(missing.sorted().prefix(5))")
  }
}
