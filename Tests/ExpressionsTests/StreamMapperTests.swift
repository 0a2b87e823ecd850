import Records
import Testing

@testable import Expressions

/// Events of several tables, mixed in one batch.
@Suite struct StreamMapperTests {
  private static func stream(_ name: String, _ column: String?, number: UInt16) -> StreamMapper.Stream {
    let mapping = column.map { column in
      Mapping(fields: [
        Mapping.Field("id", FieldMapping(from: .path(Path(.record, [.member("id")])))),
        Mapping.Field(column, FieldMapping(from: .path(Path(.record, [.member("v")])))),
      ])
    }
    let program = mapping.map { mapping in
      var columns = Columns(names: mapping.fields.map(\.name), key: [0])
      columns.casts = [nil, nil]
      return MappingProgram(transforms: [], mapping: mapping, columns: columns, lanes: 1)
    }
    return StreamMapper.Stream(SourceTable(schema: "s", name: name), program.map { [$0] } ?? [], number: number)
  }

  /// Each event: the table's place in the batch's list, what happened, and its record.
  private static func batch(_ list: TableList, _ events: [(Int, Records.Operation, String)]) -> Batch {
    let batch = Batch()
    batch.bytes.append(events.map(\.2).joined(separator: "\n") + "\n")
    JSONRecordDecoder().decode(batch)
    for (index, event) in events.enumerated() {
      batch.events[index].table = UInt16(event.0)
      batch.events[index].operation = event.1
      if event.1 == .delete {
        (batch.events[index].key, batch.events[index].record) = (batch.events[index].record, Event.none)
      }
    }
    batch.tables = list
    return batch
  }

  private static func shown(_ batch: Batch) -> [String] {
    batch.rows.rows.indices.map { index in
      let row = batch.rows.rows[index]
      let cells = (0..<2).map { column in
        let cell = batch.rows.cells[Int(row.firstCell) + column]
        return cell.kind == .absent ? "-" : batch.text(cell)
      }
      return "\(row.stream) \(row.operation) \(cells.joined(separator: " "))"
    }
  }

  @Test func `each event is mapped by its table's stream, in the order in which they came`() {
    let mapper = StreamMapper([
      Self.stream("a", "x", number: 0), Self.stream("skipped", nil, number: 1), Self.stream("b", "y", number: 1),
    ])
    let list = TableList([
      SourceTable(schema: "s", name: "b"), SourceTable(schema: "s", name: "a"),
      SourceTable(schema: "s", name: "skipped"), SourceTable(schema: "s", name: "new"),
    ])
    let events: [(Int, Records.Operation, String)] = [
      (0, .create, #"{"id":1,"v":"b1"}"#), (1, .update, #"{"v":"a1","id":1}"#), (2, .create, #"{"id":9}"#),
      (0, .delete, #"{"id":1}"#), (3, .create, #"{"id":7}"#), (1, .truncate, #"{}"#), (0, .update, #"{"id":2}"#),
    ]
    for _ in 0..<2 {
      let batch = Self.batch(list, events)
      mapper.map(batch)
      #expect(
        Self.shown(batch) == [
          #"1 upsert 1 b1"#, #"0 upsert 1 a1"#, "1 delete 1 -", "0 truncate - -", "1 upsert 2 -",
        ])
      #expect(batch.failures.map(\.code) == ["stream.unknown_table"])
      #expect(batch.events[2].outcome == .filtered)
    }
  }

  @Test func `another list is learnt`() {
    let mapper = StreamMapper([Self.stream("a", "x", number: 0), Self.stream("b", "y", number: 1)])
    for name in ["a", "b", "a"] {
      let batch = Self.batch(TableList([SourceTable(schema: "s", name: name)]), [(0, .create, #"{"id":1,"v":2}"#)])
      mapper.map(batch)
      #expect(Self.shown(batch) == ["\(name == "a" ? 0 : 1) upsert 1 2"])
    }
  }
}
