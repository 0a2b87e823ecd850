import Records
import Testing

@testable import Connectors

@Suite struct CSVTests {
  /// Texts that a CSV file has its trouble with.
  static let cells: [String?] = [
    nil, "", " ", "a", "NULL", "\\N", ",", ";", "\t", "\"", "\"\"", "a\"b", "\"a\"", "a\nb", "\n", "\r", "a\r\n",
    "\r\n\"", "ä,日本\"", "-",
  ]

  @Test("What is written is read again", arguments: [",", ";", "\t", "|"], [nil, "", "NULL", "-"])
  func roundTrip(_ delimiter: String, _ null: String?) throws {
    let dialect = CSVDialect(delimiter: try #require(delimiter.utf8.first), null: null)
    let rows = Self.cells.flatMap { first in Self.cells.map { [first, $0] } }
    let columns = Columns(names: ["a", "b"])
    let written = try payload(rows, CSVRowEncoder(columns, dialect))

    let batch = Batch()
    batch.bytes.append(written.bytes.bytes)
    batch.origin.columns = columns.names
    CSVDecoder(dialect).decode(batch)
    #expect(batch.failures.isEmpty)
    let read = batch.events.indices.map { index in
      let value = batch.value(at: Int(batch.events[index].record))
      return [value["a"]?.string, value["b"]?.string]
    }
    // Without a spelling of null it is an empty text when it comes back.
    #expect(read == (null == nil ? rows.map { $0.map { $0 ?? "" } } : rows))
  }

  @Test func valuesAreWrittenAsTheirText() throws {
    let batch = Batch()
    batch.bytes.append(#"{"a":1.50,"b":true,"c":"x\n\"","d":{"e": [1,2]},"f":null}"#)
    let decoder = JSONRecordDecoder()
    decoder.decode(batch)
    for child in batch.children(of: 0) {
      var cell = batch.nodes[child.node]
      cell.next = UInt32(child.node)
      batch.rows.cells.append(cell)
    }
    batch.rows.cells.append(.absent)
    batch.rows.cells.append(Node(integer: -7))
    batch.rows.rows.append(Row(.upsert, event: 0, firstCell: 0, rest: Event.none, keyHash: 0))
    let payload = Payload()
    let columns = Columns(names: ["a", "b", "c", "d", "f", "g", "h"])
    try CSVRowEncoder(columns, CSVDialect()).encode(row: 0, of: batch, into: payload)
    #expect(payload.bytes.text == "1.50,true,\"x\n\"\"\",\"{\"\"e\"\": [1,2]}\",,,-7\n")
    #expect(payload.rows[0].end == UInt64(payload.bytes.count))
  }

  @Test func namesOfColumnsAreQuotedWhereTheyMust() {
    let header = CSVRowEncoder.header(Columns(names: ["a,b", "c", ""]), CSVDialect())
    #expect(String(decoding: header, as: UTF8.self) == "\"a,b\",c,\"\"\n")
  }

  @Test func bytesThatAreNotUTF8() {
    let batch = Batch()
    for byte in Array("1,a\n2,".utf8) + [0xff, 0x0a] + Array("3,c\n".utf8) { batch.bytes.append(byte) }
    batch.origin.columns = ["a", "b"]
    CSVDecoder(CSVDialect()).decode(batch)
    #expect(batch.events.count == 3)
    #expect(batch.failures.map(\.code) == ["decode.invalid_utf8"])
    #expect(batch.failures.map(\.event) == [1])
    #expect(batch.nodes.count == 6)
  }

  @Test func rowsAreObjects() {
    let batch = Batch()
    batch.bytes.append("1,\"x\"\"\\\"\n")
    batch.origin.columns = ["a", "b"]
    CSVDecoder(CSVDialect()).decode(batch)
    #expect(batch.json(at: 0) == #"{"a":"1","b":"x\"\\"}"#)
    #expect(batch.rawText(of: batch.events[0]) == "1,\"x\"\"\\\"")
    #expect(batch.nodes[0].next == 3)
  }

  @Test func manyRowsWithDoubledQuotesMoveTheBytes() {
    let batch = Batch()
    let row = "\"" + String(repeating: "\"\"x", count: 50) + "\",y\n"
    for _ in 0..<1_000 { batch.bytes.append(row) }
    batch.origin.columns = ["a", "b"]
    CSVDecoder(CSVDialect()).decode(batch)
    #expect(batch.events.count == 1_000)
    let expected: Value = ["a": .string(String(repeating: "\"x", count: 50)), "b": "y"]
    #expect(batch.events.indices.allSatisfy { batch.value(at: Int(batch.events[$0].record)) == expected })
  }
}
