import Records
import Testing

@testable import Connectors

/// Rows in, sets out.
struct LastRowsTests {
  /// `id` is the key, and an integer.
  private static let layout = RowLayout(
    fields: ["id", "a", "b"].map {
      RowLayout.Field(
        name: $0, kind: $0 == "id" ? .number : .text, binary: $0 == "id" ? .int4 : .text, mayBeLeftOut: true)
    },
    columns: Columns(names: ["id", "a", "b"], key: [0]), key: [0], version: nil, onDelete: .delete, lanes: 1,
    keyForms: [.int4])

  private static func partial(_ set: [Bool], changesOnly: Bool) -> RowLayout.Shape {
    .partial(layout.number(of: set, changesOnly: changesOnly) ?? -1)
  }

  /// `1 a b` is a whole row, `-1` a delete, `x` a truncate, `~1 a _` an update that leaves b out, `?1 a _` a row that does.
  private static func payload(_ rows: [String], isBinary: Bool = false) -> Payload {
    let payload = Payload()
    for text in rows {
      var words = text.split(separator: " ").map(String.init)
      let mark = text.first
      if "-~?".contains(mark ?? " ") { words[0].removeFirst() }
      let shape: RowLayout.Shape
      switch mark {
      case "x": (shape, words) = (.truncate, [])
      case "-": (shape, words) = (.delete, words + ["d"])
      case "~", "?":
        shape = partial(words.map { $0 != "_" }, changesOnly: mark == "~")
        words.removeAll { $0 == "_" }
      default: shape = .full
      }
      append(words, shape, isBinary && shape != .truncate, to: payload)
    }
    return payload
  }

  private static func append(_ cells: [String], _ shape: RowLayout.Shape, _ isBinary: Bool, to payload: Payload) {
    var tag = shape.tag
    if isBinary {
      BinaryCells.append(Int16(cells.count), to: &payload.bytes)
      for (index, cell) in cells.enumerated() {
        if index == 0, let number = Int64(cell) {
          _ = BinaryCells.append(integer: number, as: .int4, to: &payload.bytes)
        } else {
          BinaryCells.append(Int32(cell.utf8.count), to: &payload.bytes)
          payload.bytes.append(cell)
        }
      }
      tag = shape == .full ? RowLayout.Shape.binary.tag : shape == .delete ? RowLayout.Shape.binaryDelete.tag : tag + 1
    } else if shape != .truncate {
      payload.bytes.append(cells.joined(separator: "\t") + "\n")
    }
    payload.rows.append(Payload.Entry(end: UInt64(payload.bytes.count), event: 0, tag: tag))
  }

  /// What is stored, in the order in which it is.
  private static func shown(_ payloads: [Payload]) -> String? {
    guard let last = LastRows.of(payloads, [layout]) else { return nil }
    var parts: [String] = []
    if last.truncates(0) { parts.append("x") }
    last.forEachDeleted(of: 0) { key in
      parts.append("-\(Int32(bigEndian: key.loadUnaligned(fromByteOffset: 4, as: Int32.self)))")
    }
    for shape in last.shapes(of: 0) {
      let mark = shape.set == nil ? "" : layout.changesOnly(shape) ? "~" : "?"
      last.forEachRow(of: 0, shape) { row in parts.append(mark + cells(row, shape).joined(separator: " ")) }
    }
    return parts.joined(separator: ", ")
  }

  private static func cells(_ row: UnsafeRawBufferPointer, _ shape: RowLayout.Shape) -> [String] {
    let fields = layout.fields(of: shape)
    var places: [Range<Int>] = []
    #expect(RowCells.find(fields.count, in: row, isBinary: shape.isBinary, &places))
    var words = ["_", "_", "_"]
    for (field, place) in zip(fields, places) {
      let bytes = row[place]
      words[field] =
        !shape.isBinary
        ? String(decoding: bytes, as: UTF8.self)
        : field == 0
          ? "\(Int32(bigEndian: row.loadUnaligned(fromByteOffset: place.lowerBound + 4, as: Int32.self)))"
          : String(decoding: bytes.dropFirst(4), as: UTF8.self)
    }
    return words
  }

  @Test(
    arguments: [
      ("", ""),
      ("1 a b", "1 a b"),
      ("1 a b, 2 c d, 1 e f", "1 e f, 2 c d"),
      ("1 a b, -1", "-1"),
      // The new row is another one: what the table has beside these columns goes with the old one.
      ("-1, 1 a b", "-1, 1 a b"),
      ("1 a b, -1, 1 c d, -1", "-1"),
      // A key that was changed: the old one goes, and the new one comes.
      ("1 a b, -1, 2 a b", "-1, 2 a b"),
      ("-1, 2 a b, -2, 1 a b", "-1, -2, 1 a b"),
      ("1 a b, -2, x, 3 c d", "x, 3 c d"),
      ("x, 1 a b, -1", "x, -1"),
      ("1 a b, x", "x"),
      ("1 a b, ~1 c _", "1 c b"),
      ("1 a b, ~1 c _, ~1 _ d, ~1 e _", "1 e d"),
      ("~1 c _", "~1 c _"),
      ("~1 c _, ~1 d _", "~1 d _"),
      ("~1 c _, ~1 _ d", "~1 c d"),
      ("~1 c _, 1 a b", "1 a b"),
      ("~1 c _, -1", "-1"),
      // There is nothing left to change.
      ("-1, ~1 c _", "-1"),
      ("-1, ?1 c _", "-1, ?1 c _"),
      ("?1 c _, ?1 _ d", "1 c d"),
      ("?1 c _, ~1 _ d", "1 c d"),
      ("-1, ?1 c _, ~1 d _", "-1, ?1 d _"),
      ("1 a b, ?1 _ d", "1 a d"),
      ("x, ~1 c _", "x, ~1 c _"),
      ("2 a b, ~1 c _, 3 e f, ~4 _ d", "2 a b, 3 e f, ~1 c _, ~4 _ d"),
    ]) func `rows come to the last state of each key`(rows: String, sets: String)
  {
    let rows = rows.split(separator: ", ").map(String.init)
    #expect(Self.shown([Self.payload(rows)]) == sets)
    #expect(Self.shown([Self.payload(rows, isBinary: true)]) == sets)
    // However the rows are spread over payloads.
    #expect(Self.shown(rows.map { Self.payload([$0]) }) == sets)
  }

  @Test func `keys are the same in either form`() {
    let payloads = [
      Self.payload(["1 a b"], isBinary: true), Self.payload(["-1"]), Self.payload(["2 c d"], isBinary: true),
    ]
    #expect(Self.shown(payloads) == "-1, 2 c d")
  }

  @Test(arguments: ["~1 c _, ?1 _ d", #"\N a b"#, "q1 a b"])
  func `what only the server can tell is stored as it came`(rows: String) {
    #expect(Self.shown([Self.payload(rows.split(separator: ", ").map(String.init))]) == nil)
  }

  @Test func `a partial row in another form than the whole one is stored as it came`() {
    #expect(Self.shown([Self.payload(["1 a b"], isBinary: true), Self.payload(["~1 c _"])]) == nil)
  }

  @Test func `many keys are found again`() {
    let rows = (0..<3_000).map { "\($0) a b" } + (0..<3_000).filter { $0 % 3 == 0 }.map { "-\($0)" }
    let sets = Self.shown([Self.payload(rows)])?.split(separator: ", ") ?? []
    #expect(sets.count == 3_000)
    #expect(sets.count { $0.hasPrefix("-") } == 1_000)
  }
}
