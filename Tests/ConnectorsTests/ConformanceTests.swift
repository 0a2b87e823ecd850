import ConnectorKit
import Glibc
import Records
import Testing

@testable import Connectors

// One suite over every connector of the catalog. A connector without a fixture fails it.

/// Makes a source of each type that reads given lines of NDJSON.
private struct SourceFixture: Sendable {
  /// Reads records 1 … count of the folder.
  var reading: @Sendable (TemporaryFolder, _ count: Int) throws -> any Source
  /// Reads something that is not there; nil where that cannot be.
  var missing: (@Sendable (TemporaryFolder) throws -> any Source)?
  /// Waits for records that do not come; nil where it never waits.
  var waiting: (@Sendable (TemporaryFolder) throws -> any Source)?
  /// Whether it can be read again from a position.
  var isReadAgain = true
}

private struct TargetFixture: Sendable {
  var writing: @Sendable (TemporaryFolder) throws -> any Target
  /// The numbers that stand there after the target has finished.
  var numbers: @Sendable (TemporaryFolder) throws -> [Int]
  /// Something it cannot write to; nil where that cannot be.
  var missing: (@Sendable (TemporaryFolder) throws -> any Target)?
  /// What writing the same rows twice leaves there, as its documentation says.
  var twice: [Int]
  /// Whether it knows what a delete is.
  var deletes = false
}

private let sources: [String: SourceFixture] = [
  "file": SourceFixture(
    reading: { folder, count in
      try folder.write(count == 0 ? "" : lines(1...count), to: "in.ndjson")
      return try fileSource(folder, ["path": "in.ndjson"], batchBytes: 4_096)
    },
    missing: { try fileSource($0, ["path": "missing.ndjson"]) },
    waiting: { folder in
      try folder.write("", to: "in.ndjson")
      return try fileSource(folder, ["path": "in.ndjson", "follow": true])
    }),
  "log": SourceFixture(
    reading: { folder, count in
      var disk = try folder.disk(retention: .small(8_000))
      for number in 0..<count { try disk.store([String(lines((number + 1)...(number + 1)).dropLast())]) }
      return folder.logSource()
    },
    missing: { $0.logSource("missing") },
    waiting: { $0.logSource(follows: true) }),
  "stdin": SourceFixture(
    reading: { folder, count in
      let pipe = try Pipe()
      folder.keep(pipe)
      try pipe.write(count == 0 ? "" : lines(1...count))
      pipe.endInput()
      return pipe.source(.ndjson, folder.context(batchBytes: 4_096))
    },
    waiting: { folder in
      let pipe = try Pipe()
      folder.keep(pipe)
      return pipe.source(.ndjson, folder.context())
    },
    isReadAgain: false),
]

@Sendable private func numbersInFile(_ folder: TemporaryFolder) throws -> [Int] {
  try folder.text(of: "out.ndjson").split(separator: "\n").compactMap { line in
    try Value(json: String(line))["n"]?.string.flatMap { Int($0) }
  }
}

private let targets: [String: TargetFixture] = [
  "file": TargetFixture(
    writing: { try fileTarget($0, ["path": "out.ndjson"]) },
    numbers: numbersInFile,
    missing: { folder in
      try Files.makeFolder(folder.path("folder.ndjson"))
      return try fileTarget(folder, ["path": "folder.ndjson"])
    },
    twice: [1, 2, 1, 2]),
  "http": TargetFixture(
    writing: { folder in
      let server = try StandInServer { _, _ in .status(204) }
      folder.keep(server)
      return try httpTarget(folder, ["url": .string(server.url)])
    },
    numbers: { folder in
      let server = try #require(folder.kept(StandInServer.self))
      return try server.requests.compactMap { try Value(json: $0.body)["n"]?.string.flatMap { Int($0) } }
    },
    // The server is told by the key of each request that it is the same.
    twice: [1, 2, 1, 2], deletes: true),
  "stdout": TargetFixture(
    writing: { folder in
      let out = try DurableFile(folder.path("out.ndjson"), for: .writing)
      return StdoutTarget(out, .ndjson, CSVDialect(), hasHeader: true)
    },
    numbers: numbersInFile,
    twice: [1, 2, 1, 2]),
]

@Suite(.serialized) struct ConformanceTests {
  /// Those that need a server, or are one, are asked in tests of their own.
  private static let served = ["directus", "postgres", "webhook"]
  static let sourceTypes = Catalog.standard.sourceTypes.filter { !served.contains($0) && $0 != "http" }
  static let targetTypes = Catalog.standard.targetTypes.filter { !served.contains($0) }

  private func source(_ type: String) throws -> SourceFixture { try #require(sources[type], "\(type) has no fixture") }
  private func target(_ type: String) throws -> TargetFixture { try #require(targets[type], "\(type) has no fixture") }

  @Test(arguments: sourceTypes) func anEmptyInputEnds(_ type: String) async throws {
    let folder = try TemporaryFolder()
    let reading = try await read(source(type).reading(folder, 0))
    #expect(reading.records.isEmpty && reading.failures.isEmpty)
  }

  @Test(arguments: sourceTypes) func everythingIsReadInOrder(_ type: String) async throws {
    let folder = try TemporaryFolder()
    let reading = try await read(source(type).reading(folder, 300))
    #expect(numbers(reading) == Array(1...300))
    #expect(reading.lines == Array(1...300))
    #expect(reading.origins.allSatisfy { !$0.name.isEmpty && $0.offset != nil })
  }

  @Test(arguments: sourceTypes) func goesOnBehindEachPosition(_ type: String) async throws {
    let fixture = try source(type)
    guard fixture.isReadAgain else { return }
    let folder = try TemporaryFolder()
    let source = try fixture.reading(folder, 300)
    let whole = try await read(source)
    #expect(whole.positions.count > 3)
    for (position, events) in whole.positions {
      // As it comes back from a checkpoint; and opened once more, as after an outage.
      let saved = Position(format: position.format, value: try Value(json: position.value.json))
      try await #expect(read(source, at: saved).records == Array(whole.records[events...]))
      try await #expect(read(source, at: saved).records == Array(whole.records[events...]))
    }
  }

  @Test(arguments: sourceTypes) func positionsOfOthersAreRefused(_ type: String) async throws {
    let fixture = try source(type)
    guard fixture.isReadAgain else { return }
    let folder = try TemporaryFolder()
    let source = try fixture.reading(folder, 3)
    for position in [Position(format: 99, value: ["files": []]), Position(format: 1, value: ["lsn": "0/1"])] {
      await #expect(code { try await source.open(at: position) } == "checkpoint.position_unreadable")
    }
  }

  @Test(arguments: sourceTypes) func theEndOfTheRunEndsTheWait(_ type: String) async throws {
    guard let waiting = try source(type).waiting else { return }
    let folder = try TemporaryFolder()
    let source = try waiting(folder)
    try await source.open(at: nil)
    let next = Task { try await source.next(into: Batch()) }
    next.cancel()
    try await #expect(next.value == .idle)
    await source.close()
  }

  @Test(arguments: sourceTypes) func whatIsMissingStopsWithAHint(_ type: String) async throws {
    guard let missing = try source(type).missing else { return }
    let folder = try TemporaryFolder()
    let source = try missing(folder)
    await #expect(code { try await source.open(at: nil) } != nil)
  }

  @Test(arguments: targetTypes) func rowsArriveInOrder(_ type: String) async throws {
    let folder = try TemporaryFolder()
    let target = try target(type).writing(folder)
    _ = try await target.open(at: nil)
    let encoder = try target.makeEncoder(Columns(names: ["n"]))
    for part in 0..<10 {
      let payloads = try (0..<3).map {
        try payload([["\(part * 6 + $0 * 2 + 1)"], ["\(part * 6 + $0 * 2 + 2)"]], encoder)
      }
      #expect(try await target.write(payloads) == Written())
      _ = try await target.flush()
    }
    _ = try await target.flush()
    try await target.finish()
    try await target.finish()
    await target.close()
    await target.close()
    try #expect(self.target(type).numbers(folder) == Array(1...60))
  }

  @Test(arguments: targetTypes) func writingTwiceDoesWhatIsDocumented(_ type: String) async throws {
    let folder = try TemporaryFolder()
    let fixture = try target(type)
    let target = try fixture.writing(folder)
    _ = try await target.open(at: nil)
    let rows = try payload([["1"], ["2"]], target.makeEncoder(Columns(names: ["n"])))
    _ = try await target.write([rows])
    _ = try await target.write([rows])
    _ = try await target.flush()
    try await target.finish()
    try #expect(fixture.numbers(folder) == fixture.twice)
  }

  @Test(arguments: targetTypes) func deletesAreRefusedWhereThereAreNone(_ type: String) async throws {
    if try target(type).deletes { return }
    let folder = try TemporaryFolder()
    let encoder = try target(type).writing(folder).makeEncoder(Columns(names: ["n"]))
    let batch = Batch()
    batch.rows.cells.append(.null)
    batch.rows.rows.append(Row(.delete, event: 0, firstCell: 0, rest: Event.none, keyHash: 0))
    let payload = Payload()
    do {
      try encoder.encode(row: 0, of: batch, into: payload)
      Issue.record("a delete was taken")
    } catch {
      #expect(error.code == "file.delete_unsupported")
      let isEmpty = payload.bytes.isEmpty && payload.rows.isEmpty
      #expect(isEmpty)
    }
  }

  @Test(arguments: targetTypes) func whatCannotBeWrittenStopsWithAHint(_ type: String) async throws {
    guard let missing = try target(type).missing else { return }
    let folder = try TemporaryFolder()
    let target = try missing(folder)
    await #expect(code { _ = try await target.open(at: nil) } != nil)
  }

  @Test func connectorsSayWhatTheyAre() {
    let all = Catalog.standard.all
    #expect(Set(Catalog.standard.sourceTypes).count == Catalog.standard.sources.count)
    #expect(Set(Catalog.standard.targetTypes).count == Catalog.standard.targets.count)
    for connector in all {
      #expect(!connector.about.title.isEmpty)
      #expect(connector.about.summary.hasSuffix("."), "\(connector.about.type)")
      for setting in connector.settings {
        #expect(setting.sentence.hasSuffix("."), "\(connector.about.type).\(setting.name)")
      }
    }
    for type in Catalog.standard.sources { #expect(type.about.direction == .source) }
    for type in Catalog.standard.targets { #expect(type.about.direction == .target) }
  }

  /// Words that would be a second name of a setting, and the one that is used.
  private static let synonyms = [
    "file": "path", "filename": "path", "file_path": "path", "dir": "path", "directory": "path", "glob": "path",
    "type": "format", "codec": "format", "encoding": "format", "compress": "compression", "gzip": "compression",
    "separator": "delimiter", "delim": "delimiter", "null_value": "null", "nulls": "null",
    "has_header": "header", "column_names": "columns", "overwrite": "write",
    "tail": "follow", "watch": "follow", "max_record_bytes": "record_bytes", "uri": "url", "dsn": "url",
    "connection": "url", "schema_table": "table", "keys": "key", "primary_key": "key", "ssl": "tls",
    "timeout_ms": "timeout", "workers": "lanes", "parallelism": "lanes", "batch_size": "batch",
  ]

  @Test func oneWordMeansOneThing() {
    for connector in Catalog.standard.all {
      for name in names(connector.settings) {
        if let right = Self.synonyms[name] { Issue.record("\(connector.about.type).\(name) must be named \(right)") }
      }
    }
  }

  private func names(_ settings: [SettingDeclaration]) -> [String] {
    settings.flatMap { setting in
      // The settings of `event` and `cloudevents` are named after the parts of an event.
      if case .group(let group) = setting.shape, setting.name != "event", setting.name != "cloudevents" {
        return [setting.name] + names(group.settings)
      }
      return [setting.name]
    }
  }
}
