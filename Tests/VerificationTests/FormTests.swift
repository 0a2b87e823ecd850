import Records
import Testing

@testable import Verification

/// A batch with one record, and the form of its member `v`.
private func form(_ json: String, _ kind: FormWriter.Kind) -> [UInt8] {
  let batch = Batch()
  batch.bytes.append(#"{"v":\#(json)}"#)
  batch.inputBytes = batch.bytes.count
  JSONRecordDecoder().decode(batch)
  MappingProgramRun.map(batch)
  var writer = FormWriter()
  writer.append(batch.rows.cells[0], kind, batch)
  return Array(writer.bytes.bytes)
}

@Suite struct FormTests {
  private static let same: [(String, String, FormWriter.Kind)] = [
    ("1", "1.0", .any), ("1.50", "1.5", .any), ("1e2", "100", .any), ("-0", "0", .any), ("0.10", "1e-1", .any),
    (#""1.50""#, "1.5", .number), (#""007""#, "7", .number),
    ("12", #""12""#, .text), ("1.50", #""1.50""#, .text), ("true", #""true""#, .text),
    (#""2026-01-01 10:00:00.500+00""#, #""2026-01-01T10:00:00.5Z""#, .time),
    (#""2026-01-01T10:00:00.000""#, #""2026-01-01T10:00:00+00:00""#, .time),
    (#"{"a":1.0,"b":[1,2]}"#, #"{"b":[1.0,2],"a":1}"#, .any), (#""a\u00e9""#, #""aé""#, .any),
    (#""""#, "null", .loose), ("12", #""12""#, .loose), ("false", #""false""#, .loose),
  ]

  @Test(arguments: same) func `what means the same has one form`(a: String, b: String, kind: FormWriter.Kind) {
    #expect(form(a, kind) == form(b, kind))
  }

  private static let different: [(String, String, FormWriter.Kind)] = [
    ("1", #""1""#, .any), ("null", #""""#, .any), ("null", "false", .any), ("1.5", "1.50001", .any),
    (#""1.50""#, #""1.5""#, .text), (#""2026-01-01T10:00:00+01:00""#, #""2026-01-01T10:00:00Z""#, .time),
    (#"["ab"]"#, #"["a","b"]"#, .any), (#"[[1],2]"#, #"[1,[2]]"#, .any), (#"{"a":null}"#, "{}", .any),
    ("9007199254740993", "9007199254740992", .any), (#""NaN""#, "0", .number),
  ]

  @Test(arguments: different) func `what differs has another`(a: String, b: String, kind: FormWriter.Kind) {
    #expect(form(a, kind) != form(b, kind))
  }
}

@Suite struct SketchTests {
  @Test func `the order of rows plays no part`() {
    var (a, b) = (Sketch(buckets: 4), Sketch(buckets: 4))
    for key in 0..<100 as Range<UInt64> { a.add(key: key, row: key &* 0x9E37_79B9_7F4A_7C15) }
    for key in (0..<100 as Range<UInt64>).reversed() { b.add(key: key, row: key &* 0x9E37_79B9_7F4A_7C15) }
    #expect(a.differing(from: b).isEmpty)
    #expect(a.rows == 100)
  }

  @Test func `a row that is missing, too many or different shows in its bucket`() {
    var (a, b) = (Sketch(buckets: 8), Sketch(buckets: 8))
    for key in 0..<64 as Range<UInt64> {
      if key != 3 { a.add(key: key, row: key) }
      if key != 12 { b.add(key: key, row: key == 21 ? 1 : key) }
    }
    #expect(a.differing(from: b).map(\.bucket) == [3, 4, 5])
    #expect(a.differing(from: b).map(\.rows) == [15, 15, 16])
  }
}
