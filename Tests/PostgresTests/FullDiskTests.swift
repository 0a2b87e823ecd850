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

  /// Leaves no room for anything.
  func fill() throws {
    let ballast = open("\(path)/ballast", O_WRONLY | O_CREAT, 0o600)
    defer { close(ballast) }
    let block = [UInt8](repeating: 0, count: 4_096)
    while write(ballast, block, block.count) > 0 {}
    try #require(errno == ENOSPC)
  }

  func makeRoom() throws { try FileManager.default.removeItem(atPath: "\(path)/ballast") }

  deinit { umount2(path, 2) }
}

private let mayMount = SmallDisk(in: "/tmp/millrace-disk-\(getpid())", bytes: 1 << 16) != nil

/// A disk that fills up under what the program keeps beside the data.
@Suite(
  .serialized, .enabled(if: PostgresServer.shared != nil, Comment(rawValue: PostgresServer.whyMissing)),
  .enabled(if: mayMount, "needs the right to mount a small file system (run as root)"))
struct FullDiskTests {
  private static let rows = 8_000
  /// How the rows are read: as they stand in the table, or as the changes that made them.
  private static let reads = ["table", "stream"]

  private static func place() throws -> (Workplace, SmallDisk) {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text);
      CREATE TABLE copy (id int, name text CHECK (id % 10 <> 0))
      """)
    return (place, try #require(SmallDisk(in: place.folder, bytes: 2 << 20)))
  }

  /// Every tenth row is refused by the target and becomes a dead letter: 3 MB of them. Of a stream, a first run has made
  /// the slot.
  private static func fillTable(_ place: Workplace, _ read: String, _ arguments: [String]) throws {
    if read == "stream" { #expect(try Program(arguments).code == 0) }
    try place.sql("INSERT INTO source SELECT g, repeat('name ' || g, 500) FROM generate_series(1, \(rows)) g")
  }

  private static func plan(
    _ place: Workplace, _ read: String, checkpoint: String, deadLetters: String
  ) throws -> [String] {
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]\(read == "stream" ? ", read: stream" : "")",
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

  @Test(arguments: reads) func `a full disk under the dead letters stops the run, and nothing is lost or repeated`(
    read: String
  ) throws {
    let (place, disk) = try Self.place()
    defer { place.dropSlots() }
    let deadLetters = "\(disk.path)/dead-letters.ndjson"
    let arguments = try Self.plan(place, read, checkpoint: place.path("p.checkpoint.json"), deadLetters: deadLetters)
    try Self.fillTable(place, read, arguments)
    let stopped = try Program(arguments)
    #expect(stopped.code == 1, "\(stopped.said)")
    #expect(stopped.said.contains("dead_letters.cannot_write"))
    #expect(stopped.said.contains("No space left on device"))
    #expect(disk.grow(to: 64 << 20))
    let done = try Program(arguments)
    #expect(done.code == 4, "\(done.said)")
    try Self.check(place, deadLetters)
  }

  @Test(arguments: reads) func `a full disk under the checkpoint stops the run, and nothing is lost or repeated`(
    read: String
  ) throws {
    let (place, disk) = try Self.place()
    defer { place.dropSlots() }
    let deadLetters = place.path("p.dead-letters.ndjson")
    let arguments = try Self.plan(place, read, checkpoint: "\(disk.path)/checkpoint.json", deadLetters: deadLetters)
    try Self.fillTable(place, read, arguments)
    if read == "stream" {
      try disk.fill()
    } else {
      // Room for the first checkpoint, which is smaller than the later ones, but not for a second beside it.
      try Data(count: (2 << 20) - (8 << 10)).write(to: URL(fileURLWithPath: "\(disk.path)/ballast"))
    }
    let stopped = try Program(arguments)
    #expect(stopped.code == 3, "\(stopped.said)")
    #expect(stopped.said.contains("checkpoint."))
    #expect(stopped.said.contains("No space left on device"))
    try disk.makeRoom()
    let done = try Program(arguments)
    withExtendedLifetime(disk) {}
    // The changes are one transaction, which the target has stored with its position by then.
    #expect(done.code == (read == "stream" ? 0 : 4), "\(done.said)")
    try Self.check(place, deadLetters)
  }
}
