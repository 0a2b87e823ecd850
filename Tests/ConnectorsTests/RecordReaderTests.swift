import ConnectorKit
import Records
import Testing

@testable import Connectors

/// Gives bytes in pieces of one size.
private final class PieceInput: ByteInput {
  private let bytes: [UInt8]
  private let size: Int
  private var at = 0

  init(_ bytes: [UInt8], size: Int) {
    self.bytes = bytes
    self.size = size
  }

  func read(into room: UnsafeMutableRawBufferPointer) -> Arrival {
    let count = min(size, room.count, bytes.count - at)
    if count == 0 { return .end }
    bytes[at..<at + count].withUnsafeBytes { room.copyMemory(from: $0) }
    at += count
    return .bytes(count)
  }
}

/// Reads bytes in pieces; an error of the stream stands at the end of the failures.
private func read(
  _ bytes: [UInt8], _ format: Format, pieces: Int, recordBytesMax: Int = 1 << 20, columns: [String]? = nil
) -> Reading {
  let dialect = CSVDialect()
  let reader = RecordReader(
    PieceInput(bytes, size: pieces), name: "test", framer: format.makeFramer(dialect), batchBytes: 4_096,
    recordBytesMax: recordBytesMax)
  let decoder = format.makeDecoder(dialect)
  var reading = Reading()
  let batch = Batch()
  do {
    while true {
      batch.reset()
      guard try reader.fill(batch) == .records else { return reading }
      batch.origin.columns = columns
      reading.take(batch, decoder)
      #expect(reader.offset <= UInt64(bytes.count))
    }
  } catch {
    reading.failures.append(error.code)
    return reading
  }
}

@Suite struct RecordReaderTests {
  struct Case: CustomTestStringConvertible {
    var testDescription: String
    var format: Format
    var text: String
    var records: [Value]
    var lines: [UInt64]?
    var failures: [String] = []
    var columns: [String]?

    init(
      _ name: String, _ format: Format, _ text: String, _ records: [Value], lines: [UInt64]? = nil,
      failures: [String] = [], columns: [String]? = nil
    ) {
      testDescription = name
      self.format = format
      self.text = text
      self.records = records
      self.lines = lines
      self.failures = failures
      self.columns = columns
    }
  }

  static let ab: [String] = ["a", "b"]
  static let cases: [Case] = [
    Case("lines", .ndjson, "{\"a\":1}\n{\"a\":2}\n", [["a": 1], ["a": 2]], lines: [1, 2]),
    Case("no newline at the end", .ndjson, "{\"a\":1}\n{\"a\":2}", [["a": 1], ["a": 2]], lines: [1, 2]),
    Case("a half-written last line", .ndjson, "{\"a\":1}\n{\"a\":", [["a": 1]], failures: ["decode.invalid_json@2"]),
    Case("blank lines and CR LF", .ndjson, "\r\n{\"a\":1}\r\n\n{\"a\":2}\r\n", [["a": 1], ["a": 2]], lines: [2, 4]),
    Case("byte order mark", .ndjson, "\u{feff}{\"a\":1}\n", [["a": 1]], lines: [1]),
    Case("nothing", .ndjson, "", []),
    Case(
      "a broken line between", .ndjson, "{\"a\":1}\n{a}\n{\"a\":2}\n", [["a": 1], ["a": 2]], lines: [1, 3],
      failures: ["decode.invalid_json@2"]),

    Case("array", .json, "[{\"a\":1},{\"a\":2}]", [["a": 1], ["a": 2]]),
    Case(
      "indented array", .json, " [\n  {\n\"a\": [1, {\"]\": \"}\"}]\n},\n  {\"a\": 2}\n]\n\n",
      [["a": [1, ["]": "}"]]], ["a": 2]], lines: [2, 5]),
    Case(
      "quotes and backslashes", .json, #"[{"a":"\\\"]},{"},{"a":"\\"},{"a":"ä\u005d"}]"#,
      [["a": #"\"]},{"#], ["a": #"\"#], ["a": "ä]"]]),
    Case("one object", .json, "{\"a\":\n{\"b\":[]}}\n", [["a": ["b": []]]], lines: [1]),
    Case("empty array", .json, "[ ]\n", []),
    Case("empty file", .json, " \n", []),
    Case("tiny array", .json, "[]", []),
    Case("byte order mark", .json, "\u{feff}[{}]", [[:]]),
    Case(
      "elements that are no records", .json, "[1,\"a\",{\"a\":1},null]", [["a": 1]],
      failures: ["decode.not_an_object@1", "decode.not_an_object@1", "decode.not_an_object@1"]),
    Case(
      "a broken element", .json, "[{\"a\":1},{a:2},{\"a\":3}]", [["a": 1], ["a": 3]],
      failures: ["decode.invalid_json@1"]),
    Case("not closed", .json, "[{\"a\":1},{\"a\":2}", [["a": 1], ["a": 2]], failures: ["file.invalid_json"]),
    Case("cut off", .json, "[{\"a\":1},{\"a\"", [["a": 1]], failures: ["file.invalid_json"]),
    Case("object cut off", .json, "{\"a\"", [], failures: ["file.invalid_json"]),
    Case("garbage behind the array", .json, "[{\"a\":1}] x", [["a": 1]], failures: ["file.invalid_json"]),
    Case("two objects", .json, "{\"a\":1}\n{\"a\":2}\n", [["a": 1]], failures: ["file.invalid_json"]),
    Case("an element missing", .json, "[{\"a\":1},,{\"a\":2}]", [["a": 1]], failures: ["file.invalid_json"]),
    Case("a comma too many", .json, "[{\"a\":1},]", [["a": 1]], failures: ["file.invalid_json"]),
    Case("a comma missing", .json, "[{\"a\":1} {\"a\":2}]", [["a": 1]], failures: ["file.invalid_json"]),
    Case("neither array nor object", .json, "7", [], failures: ["file.invalid_json"]),

    Case("rows", .csv, "1,2\n3,4\n", [["a": "1", "b": "2"], ["a": "3", "b": "4"]], lines: [1, 2], columns: ab),
    Case(
      "CR LF, no newline at the end", .csv, "1,2\r\n3,4", [["a": "1", "b": "2"], ["a": "3", "b": "4"]], columns: ab),
    Case(
      "quoted", .csv, "\"1,\r\n\n\"\"x\"\"\",\"\"\n3,4\r\n", [["a": "1,\r\n\n\"x\"", "b": ""], ["a": "3", "b": "4"]],
      lines: [1, 4], columns: ab),
    Case(
      "a line break behind doubled quotes", .csv, "\"a\"\"\nb\",\"\"\"\n\"\n", [["a": "a\"\nb", "b": "\"\n"]],
      columns: ab),
    Case("only quotes", .csv, "\"\"\"\",\"\"\"\"\"\"\n", [["a": "\"", "b": "\"\""]], columns: ab),
    Case(
      "quotes in the middle", .csv, "5\" pipe,\"x\"\n6\"\"\",y\n",
      [["a": "5\" pipe", "b": "x"], ["a": "6\"\"\"", "b": "y"]], columns: ab),
    Case(
      "empty cells and blank lines", .csv, "\n,\n\r\n,x\n", [["a": "", "b": ""], ["a": "", "b": "x"]], lines: [2, 4],
      columns: ab),
    Case("ends in a delimiter", .csv, "1,", [["a": "1", "b": ""]], columns: ab),
    Case(
      "ragged", .csv, "1\n1,2\n1,2,3\n", [["a": "1", "b": "2"]], lines: [2],
      failures: ["decode.csv_ragged@1", "decode.csv_ragged@3"], columns: ab),
    Case(
      "text behind a quote", .csv, "\"1\"x,2\n\"1\" ,\"2\n\"\n3,4\n", [["a": "3", "b": "4"]], lines: [4],
      failures: ["decode.csv_quote@1", "decode.csv_quote@2"], columns: ab),
    Case(
      "an open quote", .csv, "1,2\n3,\"4\n5,6\n", [["a": "1", "b": "2"]], failures: ["decode.csv_quote@2"], columns: ab),
    Case("one column", .csv, "x\n\n\"\"\ny\n", [["a": "x"], ["a": ""], ["a": ""], ["a": "y"]], columns: ["a"]),
    Case("wide text", .csv, "ä,日本\n\"é\"\"\",\\\n", [["a": "ä", "b": "日本"], ["a": "é\"", "b": "\\"]], columns: ab),
  ]

  @Test("The same records, whatever the sizes of reads", arguments: cases)
  func sizesOfReadsDoNotMatter(_ example: Case) {
    let bytes = Array(example.text.utf8)
    for size in 1...max(bytes.count, 1) {
      let reading = read(bytes, example.format, pieces: size, columns: example.columns)
      #expect(reading.records == example.records, "pieces of \(size)")
      #expect(reading.failures == example.failures, "pieces of \(size)")
      if let lines = example.lines { #expect(reading.lines == lines, "pieces of \(size)") }
    }
  }

  @Test func recordsLongerThanABatchAreWhole() {
    let long = String(repeating: "x", count: 10 << 20)
    let bytes = Array("{\"a\":1}\n{\"a\":\"\(long)\"}\n{\"a\":2}\n".utf8)
    let reading = read(bytes, .ndjson, pieces: 1 << 20, recordBytesMax: 16 << 20)
    #expect(reading.records == [["a": 1], ["a": .string(long)], ["a": 2]])
    #expect(reading.lines == [1, 2, 3])
  }

  @Test("A record over the bound is one dead letter", arguments: [1, 7, 100, 5_000, 1 << 20])
  func longRecords(_ pieces: Int) {
    let long = String(repeating: "x", count: 5_000)
    let lines = "{\"a\":1}\n{\"a\":\"\(long)\"}\n{\"a\":2}\n"
    let ndjson = read(Array(lines.utf8), .ndjson, pieces: pieces, recordBytesMax: 2_000)
    #expect(ndjson.records == [["a": 1], ["a": 2]])
    #expect(ndjson.lines == [1, 3])
    #expect(ndjson.failures == ["decode.record_too_long@2"])

    let array = read(
      Array("[{\"a\":1},{\"a\":\"\(long)\"},{\"a\":2}]".utf8), .json, pieces: pieces, recordBytesMax: 2_000)
    #expect(array.records == [["a": 1], ["a": 2]])
    #expect(array.failures == ["decode.record_too_long@1"])

    let rows = "1,2\n\"\(long)\n3,4\n5,6\n"
    let csv = read(Array(rows.utf8), .csv, pieces: pieces, recordBytesMax: 2_000, columns: ["a", "b"])
    #expect(csv.records == [["a": "1", "b": "2"], ["a": "3", "b": "4"], ["a": "5", "b": "6"]])
    #expect(csv.failures == ["decode.record_too_long@2"])
    #expect(csv.lines == [1, 3, 4])
  }

  @Test("The bound of a record is exact", arguments: [1, 64, 4_096])
  func boundIsExact(_ pieces: Int) {
    let fits = "{\"a\":\"" + String(repeating: "x", count: 2_000 - 8) + "\"}"
    #expect(fits.utf8.count == 2_000)
    let bytes = Array("\(fits)\n \(fits)\n".utf8)
    let reading = read(bytes, .ndjson, pieces: pieces, recordBytesMax: 2_000)
    #expect(reading.records.count == 1)
    #expect(reading.failures == ["decode.record_too_long@2"])
  }

  @Test func otherUnicodeFormsAreRefused() {
    let marks: [[UInt8]] = [[0xff, 0xfe, 0x7b, 0], [0xfe, 0xff, 0, 0x7b], [0xff, 0xfe, 0, 0], [0, 0, 0xfe, 0xff]]
    for mark in marks {
      #expect(read(mark, .ndjson, pieces: 1).failures == ["file.not_utf8"])
    }
  }

  @Test func deepNestingIsOneDeadLetter() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    let reading = read(Array("[{\"a\":1},{\"a\":\(deep)},{\"a\":2}]".utf8), .json, pieces: 4_096)
    #expect(reading.records == [["a": 1], ["a": 2]])
    #expect(reading.failures == ["decode.too_deep@1"])
  }
}
