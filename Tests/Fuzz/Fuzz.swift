import Expressions
import Records

/// One input of libFuzzer: the first byte chooses what the others are given to.
///
/// Nothing here may trap, hang or read outside of its memory; what must hold besides is checked.
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  guard let choice = input.first else { return 0 }
  let rest = UnsafeRawBufferPointer(rebasing: input[1...])
  switch choice {
  case UInt8(ascii: "s"): fuzzShapes(rest)
  case UInt8(ascii: "c"): fuzzCSV(rest)
  case UInt8(ascii: "f"): fuzzForms(rest)
  case UInt8(ascii: "x"): fuzzExpression(rest)
  case UInt8(ascii: "j"): fuzzJSONStream(rest)
  case UInt8(ascii: "q"): fuzzCSVStream(rest)
  case _ where choice % 3 == 0: fuzzValue(rest)
  case _ where choice % 3 == 1: fuzzRecords(rest, separator: 0x0a)
  default: fuzzRecords(rest, separator: JSONRecordDecoder.arraySeparator)
  }
  return 0
}

/// Records read as those before them were shaped are what they are alone.
private func fuzzShapes(_ input: UnsafeRawBufferPointer) {
  let together = Batch()
  for _ in 0..<2 {
    together.bytes.append(input)
    together.bytes.append(0x0a)
  }
  JSONRecordDecoder().decode(together)
  let lines = (0..<2).flatMap { _ in input.split(separator: 0x0a, omittingEmptySubsequences: false) }
  var index = 0
  for line in lines {
    let alone = Batch()
    alone.bytes.append(UnsafeRawBufferPointer(rebasing: line))
    JSONRecordDecoder().decode(alone)
    guard alone.events.count > 0 else { continue }
    precondition(index < together.events.count, "a record was lost")
    precondition(isSame(together, index, alone), "a record is another one beside others")
    index += 1
  }
  precondition(index == together.events.count, "a record came from nowhere")
}

/// Whether an event has the nodes and the failure of the only one of another batch.
private func isSame(_ batch: Batch, _ index: Int, _ alone: Batch) -> Bool {
  let (event, other) = (batch.events[index], alone.events[0])
  let failure = batch.failures.first { $0.event == index }
  guard event.outcome == other.outcome, failure?.message == alone.failures.first?.message else { return false }
  guard event.record != Event.none else { return other.record == Event.none }
  let (root, otherRoot) = (Int(event.record), Int(other.record))
  let count = Int(batch.nodes[root].next) - root
  guard count == Int(alone.nodes[otherRoot].next) - otherRoot else { return false }
  return (0..<count).allSatisfy { place in
    let (a, b) = (batch.nodes[root + place], alone.nodes[otherRoot + place])
    return a.kind == b.kind && a.flags == b.flags && a.next - event.record == b.next - other.record
      && a.offset - event.offset == b.offset - other.offset && a.length == b.length
      && (a.key == KeyTable.overflow || batch.keys[a.key] == alone.keys[b.key])
  }
}

/// Batches of CSV: every row is counted, and what is written is JSON.
private func fuzzCSV(_ input: UnsafeRawBufferPointer) {
  let batch = Batch()
  batch.bytes.append(input)
  batch.origin = Origin(name: "fuzz", offset: 0, line: 1, columns: ["a", "b", "c"])
  CSVDecoder(CSVDialect(delimiter: UInt8(ascii: ","), null: "-")).decode(batch)
  MappingExecutor(FuzzMapping.named.program).map(batch)
  let payload = Payload()
  let encoder = JSONRowEncoder(FuzzMapping.named.columns)
  for row in batch.rows.rows.indices { try? encoder.encode(row: row, of: batch, into: payload) }
  check(batch, payload)
}

/// What is read and written again reads the same.
private func fuzzValue(_ input: UnsafeRawBufferPointer) {
  guard let value = try? Value(json: input) else { return }
  guard let again = try? Value(json: value.json), again == value else { fatalError("a value changed on its way") }
}

/// Whole batches through decoder, mapping and encoder: every record is counted, and every row is JSON.
private func fuzzRecords(_ input: UnsafeRawBufferPointer, separator: UInt8) {
  for mapping in [FuzzMapping.named, FuzzMapping.all] {
    let batch = Batch()
    batch.bytes.append(input)
    batch.origin = Origin(name: "fuzz", offset: 0, line: 1)
    JSONRecordDecoder(separator: separator).decode(batch)
    MappingExecutor(mapping.program).map(batch)
    let payload = Payload()
    let encoder = JSONRowEncoder(mapping.columns)
    for row in batch.rows.rows.indices { try? encoder.encode(row: row, of: batch, into: payload) }
    check(batch, payload)
  }
}

private func check(_ batch: Batch, _ payload: Payload) {
  let ended = batch.events.indices.count { batch.events[$0].outcome != .flowing }
  precondition(ended + batch.rows.rows.count == batch.events.count, "an event was lost")
  var start = 0
  for row in payload.rows.indices {
    let end = Int(payload.rows[row].end)
    let line = UnsafeRawBufferPointer(rebasing: payload.bytes.bytes[start..<end - 1])
    precondition((try? Value(json: line)) != nil && !line.contains(0x0a), "a row is no line of JSON")
    start = end
  }
}

private struct FuzzMapping {
  var columns: Columns
  var program: MappingProgram

  init(_ fields: [(String, FieldMapping)], all: Bool = false) {
    columns = Columns(
      names: fields.map(\.0), key: all ? [] : [0], rest: all ? Columns.Rest(excluded: fields.map(\.0)) : nil)
    let mapping = Mapping(fields: fields.map { Mapping.Field($0.0, $0.1) }, passesRest: all)
    let filter = try! EventExpression("record.f != 'no'")
    program = MappingProgram(
      transforms: all ? [] : [.filter(filter)], mapping: mapping, columns: columns, lanes: 2)
  }

  private static func field(_ name: String, _ change: (inout FieldMapping) -> Void = { _ in }) -> FieldMapping {
    var field = FieldMapping(from: .path(Path(.record, [.member(name)])))
    change(&field)
    return field
  }

  static let all = FuzzMapping([("a", field("b"))], all: true)

  /// Every cast and step, over short names that a fuzzer finds.
  static let named = FuzzMapping(
    [("a", field("a")), ("n", FieldMapping(from: .path(Path(.record, [.member("a"), .index(1), .member("b")]))))]
      + Cast.allCases.map { cast in
        (
          "c_\(cast.rawValue)",
          field("c") {
            $0.cast = cast
            $0.onError = .null
          }
        )
      }
      + [
        (
          "t",
          field("t") {
            $0.trim = true
            $0.maxLength = 3
            $0.truncate = true
          }
        ),
        (
          "u",
          field("u") {
            $0.unit = UnitConversion(text: "kg -> g", numerator: 1_000, denominator: 7)
            $0.onError = .null
          }
        ),
        (
          "v",
          field("v") {
            $0.values = [.init("x", 1), .init(2, "y")]
            $0.otherwise = nil
            $0.onError = .null
          }
        ),
      ])
}
