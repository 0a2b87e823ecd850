import Flows
import Foundation
import Testing

@testable import Connectors

/// A file system of its own, so small that it fills up.
private final class SmallDisk {
  let path: String

  /// nil where this user may not mount.
  init?(in folder: String, bytes: Int) {
    path = "\(folder)/disk"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("none", path, "tmpfs", 0, "size=\(bytes)") == 0 else { return nil }
  }

  func grow(to bytes: Int) -> Bool { mount("none", path, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0 }

  deinit { umount2(path, 2) }
}

private let mayMount = SmallDisk(in: "/tmp/millrace-disk-\(getpid())", bytes: 1 << 16) != nil

/// A disk that fills up under what the program keeps beside the data.
@Suite(
  .serialized, .enabled(if: PostgresServer.shared != nil, Comment(rawValue: PostgresServer.whyMissing)),
  .enabled(if: mayMount, "needs the right to mount a small file system (run as root)"))
struct FullDiskTests {
  private static let rows = 8_000

  /// Every tenth row is refused by the target and becomes a dead letter: 3 MB of them.
  private static func place() throws -> (Workplace, SmallDisk) {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text);
      INSERT INTO source SELECT g, repeat('name ' || g, 500) FROM generate_series(1, \(rows)) g;
      CREATE TABLE copy (id int, name text CHECK (id % 10 <> 0))
      """)
    return (place, try #require(SmallDisk(in: place.folder, bytes: 2 << 20)))
  }

  private static func plan(_ place: Workplace, checkpoint: String, deadLetters: String) throws -> [String] {
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]",
      to: "table: SCHEMA.copy, mode: insert, batch: {records: 500}")
    let text = try String(contentsOfFile: place.path("p.yaml"), encoding: .utf8)
      .replacing(place.path("p.checkpoint.json"), with: checkpoint)
      .replacing(place.path("p.dead-letters.ndjson"), with: deadLetters)
    try place.write(text, to: "p.yaml")
    return ["run", "--once", "--json", place.path("p.yaml")]
  }

  private static func check(_ place: Workplace, _ deadLetters: String) throws {
    #expect(try place.count("copy") == rows - rows / 10)
    #expect(try place.value("SELECT count(DISTINCT id) FROM copy") == "\(rows - rows / 10)")
    let lines = try String(contentsOfFile: deadLetters, encoding: .utf8).split(separator: "\n")
    let ids = try lines.map { try #require($0.firstMatch(of: /"record":\{"id":(\d+)/)).1 }
    #expect(ids.count == rows / 10)
    #expect(Set(ids).count == rows / 10)
  }

  @Test func `a full disk under the dead letters stops the run, and nothing is lost or repeated`() throws {
    let (place, disk) = try Self.place()
    let deadLetters = "\(disk.path)/dead-letters.ndjson"
    let arguments = try Self.plan(place, checkpoint: place.path("p.checkpoint.json"), deadLetters: deadLetters)
    let stopped = try Program(arguments)
    #expect(stopped.code == 1, "\(stopped.said)")
    #expect(stopped.said.contains("dead_letters.cannot_write"))
    #expect(stopped.said.contains("No space left on device"))
    #expect(disk.grow(to: 64 << 20))
    let done = try Program(arguments)
    #expect(done.code == 4, "\(done.said)")
    try Self.check(place, deadLetters)
  }

  @Test func `a full disk under the checkpoint stops the run, and nothing is lost or repeated`() throws {
    let (place, disk) = try Self.place()
    let deadLetters = place.path("p.dead-letters.ndjson")
    let arguments = try Self.plan(place, checkpoint: "\(disk.path)/checkpoint.json", deadLetters: deadLetters)
    // Room for the first checkpoint, which is smaller than the later ones, but not for a second beside it.
    try Data(count: (2 << 20) - (8 << 10)).write(to: URL(fileURLWithPath: "\(disk.path)/ballast"))
    let stopped = try Program(arguments)
    #expect(stopped.code == 3, "\(stopped.said)")
    #expect(stopped.said.contains("checkpoint."))
    #expect(stopped.said.contains("No space left on device"))
    try FileManager.default.removeItem(atPath: "\(disk.path)/ballast")
    let done = try Program(arguments)
    withExtendedLifetime(disk) {}
    #expect(done.code == 4, "\(done.said)")
    try Self.check(place, deadLetters)
  }
}
