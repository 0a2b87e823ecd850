import ConnectorKit
import Glibc
import Records
import Testing

@testable import Connectors

func fileTarget(_ folder: TemporaryFolder, _ settings: Value, said: Notes = Notes()) throws -> any Target {
  try FileTargetConnector.make(settings).makeTarget(folder.context(said: said), lane: 0)
}

private let columns = Columns(names: ["id", "name"])

/// Rows `first ... last`, one payload.
private func rows(_ range: ClosedRange<Int>, _ target: any Target) throws -> Payload {
  try payload(range.map { ["\($0)", $0 % 3 == 0 ? nil : "name, \"\($0)\""] }, target.makeEncoder(columns))
}

/// Writes rows in payloads of three, with a flush behind each, and gives the marks.
private func write(_ range: ClosedRange<Int>, to target: any Target) async throws -> [Value?] {
  var marks: [Value?] = []
  for first in stride(from: range.lowerBound, through: range.upperBound, by: 3) {
    let payload = try rows(first...min(first + 2, range.upperBound), target)
    #expect(try await target.write([payload]) == Written())
    marks.append(try await target.flush())
  }
  return marks
}

@Suite struct FileTargetTests {
  struct Sample: CustomTestStringConvertible {
    var name: String
    var text: String
    var testDescription: String { name }
  }

  static let nine: [Sample] = [
    Sample(
      name: "a.ndjson",
      text:
        "{\"id\":\"1\",\"name\":\"name, \\\"1\\\"\"}\n{\"id\":\"2\",\"name\":\"name, \\\"2\\\"\"}\n{\"id\":\"3\",\"name\":null}\n"
    ),
    Sample(
      name: "a.json",
      text:
        "[\n{\"id\":\"1\",\"name\":\"name, \\\"1\\\"\"},\n{\"id\":\"2\",\"name\":\"name, \\\"2\\\"\"},\n{\"id\":\"3\",\"name\":null}\n]\n"
    ),
    Sample(name: "a.csv", text: "id,name\n1,\"name, \"\"1\"\"\"\n2,\"name, \"\"2\"\"\"\n3,\n"),
  ]

  @Test("Shows the whole file at the end", arguments: nine)
  func writes(_ sample: Sample) async throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: sample.name)
    chmod(folder.path(sample.name), 0o640)
    let target = try fileTarget(folder, ["path": .string(sample.name)])
    #expect(try await target.open(at: nil) == nil)
    let payloads = try [rows(1...2, target), Payload(), rows(3...3, target)]
    _ = try await target.write(payloads)
    _ = try await target.flush()
    #expect(try folder.text(of: sample.name) == "old")
    try await target.finish()
    try await target.finish()
    #expect(try folder.text(of: sample.name) == sample.text)
    #expect(try folder.names() == [sample.name])
    #expect(try Files.info(folder.path(sample.name))?.mode == 0o640)
  }

  @Test(arguments: [("a.ndjson", ""), ("a.json", "[\n]\n"), ("a.csv", "id,name\n")])
  func nothingToWrite(_ name: String, _ text: String) async throws {
    let folder = try TemporaryFolder()
    let target = try fileTarget(folder, ["path": .string(name)])
    _ = try await target.open(at: nil)
    _ = try target.makeEncoder(columns)
    _ = try await target.flush()
    try await target.finish()
    #expect(try folder.text(of: name) == text)
  }

  static let names = ["a.ndjson", "a.json", "a.csv", "a.ndjson.gz", "a.json.zst"]

  private func unpacked(_ folder: TemporaryFolder, _ name: String) async throws -> [Value] {
    try await read(fileSource(folder, ["path": .string(name)])).records
  }

  @Test("A run that was killed goes on at any mark", arguments: names)
  func resumesReplacing(_ name: String) async throws {
    let folder = try TemporaryFolder()
    let settings: Value = ["path": .string(name)]
    let undisturbed = try fileTarget(folder, settings)
    _ = try await undisturbed.open(at: nil)
    let marks = try await write(1...12, to: undisturbed)
    try await undisturbed.finish()
    let finished = try await undisturbed.flush()
    let expected = try folder.bytes(of: name)
    try await #expect(unpacked(folder, name).count == 12)

    for (index, mark) in ([nil] + marks).enumerated() {
      for wasPublished in [false, true] {
        let folder = try TemporaryFolder()
        // Writes more than the mark tells of and dies, in the middle of a row or just after finishing.
        let killed = try fileTarget(folder, settings)
        _ = try await killed.open(at: nil)
        _ = try await write(1...12, to: killed)
        if wasPublished {
          try await killed.finish()
        } else {
          try folder.append("{torn", to: ".\(name).millrace-partial")
        }
        await killed.close()

        let again = try fileTarget(folder, settings)
        _ = try await again.open(at: mark)
        if index < 4 { _ = try await write(index * 3 + 1...12, to: again) }
        _ = try await again.flush()
        try await again.finish()
        #expect(try folder.bytes(of: name) == expected, "mark \(index), published \(wasPublished)")
        #expect(try folder.names() == [name])
        await again.close()

        let before = try Files.info(folder.path(name))?.identity
        let rerun = try fileTarget(folder, settings)
        _ = try await rerun.open(at: finished)
        #expect(try await rerun.flush() == finished)
        try await rerun.finish()
        #expect(try Files.info(folder.path(name))?.identity == before, "a finished file is left alone")
        #expect(try folder.bytes(of: name) == expected)
      }
    }
  }

  @Test("A finished file goes on when there is more", arguments: names)
  func goesOnAfterFinish(_ name: String) async throws {
    let folder = try TemporaryFolder()
    let settings: Value = ["path": .string(name)]
    let target = try fileTarget(folder, settings)
    _ = try await target.open(at: nil)
    _ = try await write(1...6, to: target)
    try await target.finish()
    let mark = try await target.flush()
    await target.close()
    let more = try fileTarget(folder, settings)
    _ = try await more.open(at: mark)
    _ = try await write(7...9, to: more)
    _ = try await more.flush()
    try await more.finish()
    let ids = try await unpacked(folder, name).map { $0["id"]?.string }
    #expect(ids == (1...9).map { "\($0)" })
  }

  @Test func marksThatAreNotTrue() async throws {
    let folder = try TemporaryFolder()
    let settings: Value = ["path": "a.ndjson"]
    let target = try fileTarget(folder, settings)
    _ = try await target.open(at: nil)
    let mark = try await write(1...3, to: target)[0]
    await target.close()
    let partial = ".a.ndjson.millrace-partial"
    let whole = try folder.text(of: partial)

    for text in [String(whole.dropLast()), "", String(whole.dropLast(3)) + "XX\n"] {
      try folder.write(text, to: partial)
      await #expect(code { _ = try await fileTarget(folder, settings).open(at: mark) } == "file.partial_lost")
    }
    unlink(folder.path(partial))
    try folder.write("something else", to: "a.ndjson")
    await #expect(code { _ = try await fileTarget(folder, settings).open(at: mark) } == "file.partial_lost")
    #expect(try folder.text(of: "a.ndjson") == "something else")
    await #expect(
      code { _ = try await fileTarget(folder, settings).open(at: ["x": 1]) } == "checkpoint.mark_unreadable")
  }

  @Test("Adds to what is there", arguments: ["a.ndjson", "a.csv", "a.ndjson.gz"])
  func appends(_ name: String) async throws {
    let folder = try TemporaryFolder()
    let settings: Value = ["path": .string(name), "write": "append"]
    for part in 0..<3 {
      let target = try fileTarget(folder, settings)
      _ = try await target.open(at: nil)
      _ = try await write(part * 3 + 1...part * 3 + 3, to: target)
      try await target.finish()
      await target.close()
    }
    let ids = try await unpacked(folder, name).map { $0["id"]?.string }
    #expect(ids == (1...9).map { "\($0)" })
  }

  @Test("What a crash tore off at the end is cut, and nothing else", arguments: ["a.ndjson", "a.csv", "a.ndjson.zst"])
  func cutsTornRows(_ name: String) async throws {
    let folder = try TemporaryFolder()
    let settings: Value = ["path": .string(name), "write": "append"]
    let target = try fileTarget(folder, settings)
    _ = try await target.open(at: nil)
    let marks = try await write(1...9, to: target)
    await target.close()
    let whole = try folder.bytes(of: name)
    let first = try FileMark(try #require(marks[0])).length
    for length in Int(first)...whole.count {
      try folder.write(Array(whole[..<length]), to: name)
      let again = try fileTarget(folder, settings)
      _ = try await again.open(at: marks[0])
      _ = try await again.write([rows(10...10, again)])
      _ = try await again.flush()
      await again.close()
      let ids = try await unpacked(folder, name).map { $0["id"]?.string ?? "" }
      #expect(ids.starts(with: ["1", "2", "3"]) && ids.last == "10")
      #expect(ids.dropLast() == (1..<ids.count).map { "\($0)" }[...])
    }
  }

  @Test func endsALineThatIsNotItsOwn() async throws {
    let folder = try TemporaryFolder()
    try folder.write("{\"id\":\"0\"}", to: "a.ndjson")
    let target = try fileTarget(folder, ["path": "a.ndjson", "write": "append"])
    _ = try await target.open(at: nil)
    _ = try await write(3...3, to: target)
    #expect(try folder.text(of: "a.ndjson") == "{\"id\":\"0\"}\n{\"id\":\"3\",\"name\":null}\n")
  }

  @Test func filesThatCannotBeAddedTo() async throws {
    let folder = try TemporaryFolder()
    try folder.write(pack([lines(1...2)], .gzip), to: "a.ndjson")
    try folder.write("id,title\n1,x\n", to: "a.csv")
    let packed = try fileTarget(folder, ["path": "a.ndjson", "write": "append"])
    await #expect(code { _ = try await packed.open(at: nil) } == "file.packing_differs")
    let other = try fileTarget(folder, ["path": "a.csv", "write": "append"])
    _ = try await other.open(at: nil)
    await #expect(code { _ = try await write(1...3, to: other) } == "csv.header_differs")
    #expect(try folder.text(of: "a.csv") == "id,title\n1,x\n")
  }

  @Test func anAppendedFileThatChanged() async throws {
    let folder = try TemporaryFolder()
    let said = Notes()
    let settings: Value = ["path": "a.ndjson", "write": "append"]
    let target = try fileTarget(folder, settings)
    _ = try await target.open(at: nil)
    let mark = try await write(1...3, to: target)[0]
    await target.close()
    try folder.write("{}\n", to: "a.ndjson")
    await #expect(code { _ = try await fileTarget(folder, settings).open(at: mark) } == "file.target_changed")
    rename(folder.path("a.ndjson"), folder.path("a.ndjson.1"))
    _ = try await fileTarget(folder, settings, said: said).open(at: mark)
    #expect(said.all.count == 1)
  }

  @Test func twoWritersAreRefused() async throws {
    let folder = try TemporaryFolder()
    for write in ["replace", "append"] {
      let settings: Value = ["path": "a.ndjson", "write": .string(write)]
      let one = try fileTarget(folder, settings)
      let two = try fileTarget(folder, settings)
      _ = try await one.open(at: nil)
      await #expect(code { _ = try await two.open(at: nil) } == "file.locked")
      await one.close()
      _ = try await two.open(at: nil)
      await two.close()
    }
  }

  @Test func placesThatCannotBeWritten() async throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.path("folder.ndjson"))
    try folder.write("", to: "file")
    for write in ["replace", "append"] {
      for (path, expected) in [
        ("folder.ndjson", "file.is_folder"), ("file/a.ndjson", "file.not_found"), ("/dev/null", "file.not_regular"),
        ("/proc/a.ndjson", "file.not_found"),
      ] {
        let settings: Value = ["path": .string(path), "write": .string(write), "format": "ndjson"]
        await #expect(code { _ = try await fileTarget(folder, settings).open(at: nil) } == expected, "\(path)")
      }
    }
    let deep = try fileTarget(folder, ["path": "new/folder/a.ndjson"])
    _ = try await deep.open(at: nil)
    try await deep.finish()
    #expect(try folder.text(of: "new/folder/a.ndjson") == "")
  }

  @Test func replacesWhatALinkPointsTo() async throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.path("real"))
    try folder.write("old", to: "real/a.ndjson")
    symlink("real/a.ndjson", folder.path("a.ndjson"))
    let target = try fileTarget(folder, ["path": "a.ndjson"])
    _ = try await target.open(at: nil)
    try await target.finish()
    #expect(try folder.text(of: "real/a.ndjson") == "")
    #expect(Files.resolved(folder.path("a.ndjson")).hasSuffix("real/a.ndjson"))
  }

  @Test func csvNeedsNamedColumns() async throws {
    let folder = try TemporaryFolder()
    let target = try fileTarget(folder, ["path": "a.csv"])
    let all = Columns(names: ["id"], rest: Columns.Rest(excluded: []))
    await #expect(code { _ = try target.makeEncoder(all) } == "csv.columns_unknown")
  }
}
