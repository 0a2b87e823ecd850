import ConnectorKit
import Glibc
import Records
import Synchronization
import Testing

@testable import Connectors

/// A pipe, of which both ends are closed when it is released.
final class Pipe: Sendable {
  let output: Int32
  let input: Int32
  private let open = Mutex((output: true, input: true))

  init() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    (output, input) = (ends[0], ends[1])
  }

  deinit {
    endOutput()
    endInput()
  }

  func write(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes { try DurableFile(descriptor: input, name: "pipe").write($0) }
  }

  func endInput() {
    open.withLock {
      if $0.input { close(input) }
      $0.input = false
    }
  }

  func endOutput() {
    open.withLock {
      if $0.output { close(output) }
      $0.output = false
    }
  }

  func source(_ format: Format, _ context: Context, _ csv: CSVReading = CSVReading()) -> StdinSource {
    StdinSource(
      DurableFile(descriptor: output, name: "standard input"), format, csv, recordBytesMax: 1 << 20, context)
  }

  func text() throws -> String {
    endInput()
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = try room.withUnsafeMutableBytes { try DurableFile(descriptor: output, name: "pipe").read(into: $0) }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += room[..<count]
    }
  }
}

@Suite struct StandardTests {
  @Test func readsAPipeAsItComes() async throws {
    let folder = try TemporaryFolder()
    let pipe = try Pipe()
    let source = pipe.source(.ndjson, folder.context())
    try pipe.write("{\"n\":1}\n{\"n\"")
    try await #expect(numbers(read(source)) == [1])
    try pipe.write(":2}\n{\"n\":3}")
    pipe.endInput()
    let rest = try await readOn(source)
    #expect(numbers(rest) == [2, 3])
    #expect(rest.lines == [2, 3])
    #expect(rest.positions.last?.position.value == ["bytes": 23])
  }

  @Test func readsRowsWhoseHeaderComesInPieces() async throws {
    let folder = try TemporaryFolder()
    let pipe = try Pipe()
    let source = pipe.source(.csv, folder.context())
    try pipe.write("n,")
    try await #expect(read(source).records.isEmpty)
    try pipe.write("x\n1,")
    try await #expect(readOn(source).records.isEmpty)
    try pipe.write("2\n3,4\n")
    pipe.endInput()
    try await #expect(readOn(source).records == [["n": "1", "x": "2"], ["n": "3", "x": "4"]])
  }

  @Test func readsAnArray() async throws {
    let folder = try TemporaryFolder()
    let pipe = try Pipe()
    try pipe.write("[{\"n\":1},{\"n\":2}]")
    pipe.endInput()
    try await #expect(numbers(read(pipe.source(.json, folder.context()))) == [1, 2])
  }

  @Test func goesOnWithWhatComesAndSaysSo() async throws {
    let folder = try TemporaryFolder()
    let said = Notes()
    let pipe = try Pipe()
    try pipe.write("{\"n\":1}\n")
    pipe.endInput()
    let before = Position(format: 1, value: ["bytes": 100])
    let reading = try await read(pipe.source(.ndjson, folder.context(said: said)), at: before)
    #expect(numbers(reading) == [1])
    #expect(reading.positions.last?.position.value == ["bytes": 108])
    #expect(said.all.count == 1)
  }

  @Test func writesRowsAsTheyCome() async throws {
    let columns = Columns(names: ["a", "b"])
    for (format, text) in [(Format.ndjson, "{\"a\":\"1\",\"b\":null}\n"), (.csv, "a,b\n1,\n")] {
      let pipe = try Pipe()
      let target = StdoutTarget(
        DurableFile(descriptor: pipe.input, name: "standard output"), format, CSVDialect(), hasHeader: true)
      _ = await target.open(at: nil)
      _ = try await target.write([payload([["1", nil]], target.makeEncoder(columns))])
      try await target.finish()
      #expect(try pipe.text() == text)
    }
  }

  @Test func aReaderThatLeavesEndsTheRun() async throws {
    let pipe = try Pipe()
    pipe.endOutput()
    let target = StdoutTarget(
      DurableFile(descriptor: pipe.input, name: "standard output"), .ndjson, CSVDialect(), hasHeader: true)
    _ = await target.open(at: nil)
    await #expect(
      code { _ = try await target.write([payload([["1"]], target.makeEncoder(Columns(names: ["a"])))]) }
        == "stdout.closed")
  }
}
