import ConnectorKit
import Glibc
import Records
import Testing

@testable import Connectors

func fileSource(
  _ folder: TemporaryFolder, _ settings: Value, batchBytes: Int = 1 << 20, said: Notes = Notes()
) throws
  -> any Source
{
  try FileSourceConnector.make(settings).makeSource(folder.context(batchBytes: batchBytes, said: said))
}

/// `{"n":1}` and so on, with some filling.
func lines(_ numbers: ClosedRange<Int>) -> String {
  numbers.map { "{\"n\":\($0),\"x\":\"\(String(repeating: "x", count: $0 * 37 % 200))\"}\n" }.joined()
}

func numbers(_ reading: Reading) -> [Int64] { reading.records.compactMap { $0["n"]?.int } }

@Suite struct FileSourceTests {
  struct Sample: CustomTestStringConvertible {
    var format: Format
    var compression: Compression
    var testDescription: String { "\(format.rawValue) \(compression.rawValue)" }
    var name: String { "data.\(format.rawValue)" }

    private func text(_ count: Int) -> String {
      let records = lines(1...count)
      switch format {
      case .ndjson: return records
      case .json: return "[" + records.dropLast().replacing("\n", with: ",\n ") + "]\n"
      case .csv:
        let rows = (1...count).map { "\($0),\"line\n\(String(repeating: "y", count: $0 * 37 % 200))\"\n" }
        return "n,x\n" + rows.joined()
      }
    }

    func bytes(_ count: Int) throws -> [UInt8] {
      let whole = text(count)
      // Frames that end inside of records, too.
      let half = whole.index(whole.startIndex, offsetBy: whole.count / 2)
      return try pack([String(whole[..<half]), String(whole[half...])], compression)
    }
  }

  static let samples: [Sample] = [Format.ndjson, .json, .csv].flatMap { format in
    [Compression.none, .gzip, .zstd].map { Sample(format: format, compression: $0) }
  }

  @Test("Goes on exactly behind each position", arguments: samples)
  func resumes(_ sample: Sample) async throws {
    let folder = try TemporaryFolder()
    try folder.write(sample.bytes(300), to: sample.name)
    let settings: Value = ["path": .string(sample.name)]
    let whole = try await read(fileSource(folder, settings, batchBytes: 4_096))
    #expect(whole.records.count == 300)
    #expect(whole.failures.isEmpty)
    #expect(whole.positions.count > 3)
    for (position, events) in whole.positions {
      let saved = Position(format: position.format, value: try Value(json: position.value.json))
      let rest = try await read(fileSource(folder, settings, batchBytes: 4_096), at: saved)
      #expect(rest.records == Array(whole.records[events...]))
      #expect(rest.lines == Array(whole.lines[events...]))
    }
  }

  @Test func filesOfAPatternInTheOrderOfTheirBytes() async throws {
    let folder = try TemporaryFolder()
    for (name, number) in [("b.ndjson", 3), ("B.ndjson", 1), ("a.ndjson", 2), ("ä.ndjson", 4), (".c.ndjson", 5)] {
      try folder.write("{\"n\":\(number)}\n", to: name)
    }
    try folder.write("n\n6\n", to: "d.csv")
    let reading = try await read(fileSource(folder, ["path": "*.ndjson"]))
    #expect(numbers(reading) == [1, 2, 3, 4])
    #expect(reading.origins.map(\.name) == ["B.ndjson", "a.ndjson", "b.ndjson", "ä.ndjson"])
    #expect(reading.origins.map(\.line) == [1, 1, 1, 1])
  }

  @Test func filesOfAFolder() async throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.path("in/below"))
    for number in 1...5 { try folder.write(lines(number...number), to: "in/\(number).ndjson") }
    let source = try fileSource(folder, ["path": "in/"])
    let reading = try await read(source)
    #expect(numbers(reading) == [1, 2, 3, 4, 5])
    let third = reading.positions[2].position
    try folder.write(lines(6...6), to: "in/0.ndjson")
    try await #expect(numbers(read(source, at: third)) == [6, 4, 5], "a file that came later is not missed")
    unlink(folder.path("in/2.ndjson"))
    try await #expect(numbers(read(source, at: third)) == [6, 4, 5], "a file that was read may go")
    rename(folder.path("in/3.ndjson"), folder.path("in/9.ndjson"))
    try await #expect(numbers(read(source, at: third)) == [6, 4, 5], "a renamed file is not read again")
  }

  @Test func whatWasAddedIsReadByTheNextRun() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...3), to: "a.ndjson")
    let source = try fileSource(folder, ["path": "a.ndjson"])
    let first = try await read(source)
    let end = try #require(first.positions.last?.position)
    try await #expect(read(source, at: end).records.isEmpty)
    try folder.append(lines(4...5), to: "a.ndjson")
    try await #expect(numbers(read(source, at: end)) == [4, 5])
  }

  @Test func headersOfCSV() async throws {
    let folder = try TemporaryFolder()
    let cases: [(String, Value, [Value], String?)] = [
      ("\u{feff}id;name\r\n1;x\r\n", ["delimiter": ";"], [["id": "1", "name": "x"]], nil),
      (" id ,\"na\"\"me\"\n1,x\n", [:], [["id": "1", "na\"me": "x"]], nil),
      ("1,x\n", ["header": false, "columns": ["id", "name"]], [["id": "1", "name": "x"]], nil),
      ("a,b\n1,x\n", ["columns": ["id", "name"]], [["id": "1", "name": "x"]], nil),
      ("a,b\n1,\n\"\",NULL\n", ["null": ""], [["a": "1", "b": nil], ["a": "", "b": "NULL"]], nil),
      ("a,b\n1,NULL\n,\"NULL\"\n", ["null": "NULL"], [["a": "1", "b": nil], ["a": "", "b": "NULL"]], nil),
      ("a,b", [:], [], nil),
      ("", [:], [], nil),
      ("a,b,c\n1,x\n", ["columns": ["id", "name"]], [], "csv.bad_header"),
      ("a,a\n1,x\n", [:], [], "csv.bad_header"),
      ("a,,c\n1,x\n", [:], [], "csv.bad_header"),
      ("\"a,b\n1,x\n", [:], [], "csv.bad_header"),
    ]
    for (text, csv, records, failure) in cases {
      try folder.write(text, to: "a.csv")
      let source = try fileSource(folder, ["path": "a.csv", "csv": csv])
      if let failure {
        await #expect(code { _ = try await read(source) } == failure, "\(text)")
      } else {
        try await #expect(read(source).records == records, "\(text)")
      }
    }
    try folder.write("a\tb\n1,\t2\n", to: "a.tsv")
    try await #expect(read(fileSource(folder, ["path": "a.tsv"])).records == [["a": "1,", "b": "2"]])
  }

  @Test func filesThatAreNotThere() async throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.path("empty"))
    mkfifo(folder.path("pipe.ndjson"), 0o600)
    for (path, expected) in [
      ("a.ndjson", "file.not_found"), ("*.ndjson", "file.not_found"), ("a.ndjson/b.ndjson", "file.not_found"),
      ("pipe.ndjson", "file.not_regular"), ("/dev/null", "file.not_regular"), ("empty", "file.not_found"),
    ] {
      let settings: Value = ["path": .string(path), "format": "ndjson"]
      await #expect(code { _ = try await read(fileSource(folder, settings)) } == expected, "\(path)")
    }
    await #expect(code { _ = try fileSource(folder, ["path": "empty"]) } == "file.format_unknown")
    guard getuid() != 0 else { return }
    try folder.write("{}", to: "secret.ndjson")
    chmod(folder.path("secret.ndjson"), 0)
    await #expect(
      code { _ = try await read(fileSource(folder, ["path": "secret.ndjson"])) } == "file.permission_denied")
  }

  @Test func filesThatChangedSinceTheCheckpoint() async throws {
    let folder = try TemporaryFolder()
    for compression in [Compression.none, .gzip] {
      func write(_ text: String) throws { try folder.write(pack([text], compression), to: "a.ndjson") }
      let source = try fileSource(folder, ["path": "a.ndjson"], batchBytes: 4_096)
      try write(lines(1...200))
      let reading = try await read(source)
      let middle = reading.positions[1].position

      func codeWith(_ text: String) async throws -> String? {
        try write(text)
        return await code { _ = try await read(source, at: middle) }
      }
      try await #expect(codeWith(lines(1...200)) == nil)
      try await #expect(codeWith(lines(2...200)) == "file.replaced")
      try await #expect(codeWith(lines(1...5)) == (compression == .none ? "file.shrunk" : "file.replaced"))
      try await #expect(codeWith(lines(1...50) + lines(52...300)) == "file.replaced", "the begin is the same")
      unlink(folder.path("a.ndjson"))
      await #expect(code { _ = try await read(source, at: middle) } == "file.vanished")
    }
  }

  @Test func aPackedFileWhoseEndChanged() async throws {
    let folder = try TemporaryFolder()
    let begin = (1...20).map { "{\"n\":\($0),\"x\":\"\(noise($0))\"}\n" }.joined()
    try folder.write(pack([begin, lines(21...300)], .zstd), to: "a.ndjson")
    let source = try fileSource(folder, ["path": "a.ndjson"], batchBytes: 4_096)
    let position = try #require(try await read(source).positions.dropLast().last?.position)
    let size = try folder.bytes(of: "a.ndjson").count
    try folder.write(pack([begin, lines(22...301)], .zstd), to: "a.ndjson")
    #expect(try folder.bytes(of: "a.ndjson").prefix(4_096).count == 4_096 && size > 4_096)
    await #expect(code { _ = try await read(source, at: position) } == "file.replaced")
  }

  @Test func aCopyOfTheFileIsAsGood() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...200), to: "a.ndjson")
    let source = try fileSource(folder, ["path": "a.ndjson"], batchBytes: 4_096)
    let reading = try await read(source)
    try folder.write(lines(1...200), to: "b.ndjson")
    rename(folder.path("b.ndjson"), folder.path("a.ndjson"))
    let rest = try await read(source, at: reading.positions[1].position)
    #expect(rest.records == Array(reading.records[reading.positions[1].events...]))
  }

  @Test("What is whole comes before the error", arguments: [Compression.gzip, .zstd])
  func damagedFiles(_ compression: Compression) async throws {
    let folder = try TemporaryFolder()
    let bytes = try pack([lines(1...100), lines(101...200)], compression)
    try folder.write(Array(bytes.dropLast(4)), to: "cut.ndjson")
    try folder.write(bytes + Array("garbage".utf8), to: "damaged.ndjson")
    for (name, expected) in [("cut.ndjson", "file.packed_cut_off"), ("damaged.ndjson", "file.packed_damaged")] {
      let source = try fileSource(folder, ["path": .string(name)], batchBytes: 4_096)
      try await source.open(at: nil)
      let decoder = source.makeDecoder()
      var reading = Reading()
      let found = await code {
        while true {
          let batch = Batch()
          guard try await source.next(into: batch) == .batch else { return }
          reading.take(batch, decoder)
        }
      }
      #expect(found == expected)
      #expect(numbers(reading).starts(with: 1...100))
      #expect(reading.failures.isEmpty)
    }
  }

  @Test func tellsHowMuchThereIs() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...100), to: "a.ndjson")
    try folder.write(lines(1...100), to: "b.ndjson")
    let source = try fileSource(folder, ["path": "*.ndjson"], batchBytes: 4_096)
    let size = UInt64(lines(1...100).utf8.count)
    let reading = try await read(source)
    try await source.open(at: nil)
    await #expect(source.extent() == Extent(unit: .bytes, total: 2 * size, done: 0))
    try await source.open(at: reading.positions.last?.position)
    await #expect(source.extent() == Extent(unit: .bytes, total: 2 * size, done: 2 * size))
  }

  @Test func settingsThatContradict() {
    let cases: [(Value, String)] = [
      (["path": "a.txt"], "format"),
      (["path": "a.ndjson", "csv": ["header": false]], "csv"),
      (["path": "a.csv", "csv": ["header": false]], "csv.columns"),
      (["path": "a.csv", "csv": ["delimiter": "\""]], "csv.delimiter"),
      (["path": "a.csv", "csv": ["delimiter": "ä"]], "csv.delimiter"),
      (["path": "a.csv", "csv": ["columns": ["a", "a"]]], "csv.columns"),
      (["path": "a.csv", "csv": ["null": "a,b"]], "csv.null"),
      (["path": "a.json", "follow": true], "follow"),
      (["path": "a.ndjson", "follow": true, "compression": "gzip"], "follow"),
      (["path": "a.ndjson", "record_bytes": "1B"], "record_bytes"),
    ]
    for (settings, setting) in cases {
      do throws(Diagnostics) {
        _ = try FileSourceConnector.make(settings)
        Issue.record("\(settings) was taken")
      } catch {
        #expect(error.items.map(\.path) == [setting])
      }
    }
  }
}
