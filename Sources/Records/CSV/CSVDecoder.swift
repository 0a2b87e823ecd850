import CScan

/// Makes an event of each row of a batch of CSV: an object with a text or null for each of the origin's columns.
///
/// Rows end with a line feed, with or without a carriage return; quoted cells may hold line breaks. A row with another
/// number of cells than there are columns is a dead letter, as is one whose quotes are not in order. Lines without
/// anything on them are skipped, unless there is one column only: there they are empty cells.
public final class CSVDecoder: Decoder {
  /// All rows with the same columns have the same nodes, and other columns another table of keys.
  private static let shape: UInt16 = 1

  private let dialect: CSVDialect
  private var columns: [String] = []
  private var keys = KeyNames()

  public init(_ dialect: CSVDialect) { self.dialect = dialect }

  public func decode(_ batch: Batch) {
    learn(batch.origin.columns ?? [])
    batch.keys = keys
    let end = batch.bytes.count
    var at = 0
    var line: UInt32 = 0
    while at < end {
      let row = readRow(at, end, of: batch)
      if !isBlank(row, of: batch) { add(row, line: line, to: batch) }
      line += row.lines
      at = row.next
    }
  }

  private func learn(_ columns: [String]) {
    guard columns != self.columns else { return }
    self.columns = columns
    keys = KeyNames(names: [""] + columns)
  }

  /// A row that was read, and whose nodes were added.
  private struct Row {
    var start: Int
    /// Behind its last byte, without the line break.
    var end: Int
    var next: Int
    /// Its root's node.
    var root: Int
    var cells = 0
    var lines: UInt32 = 0
    var isWide = false
    var problem: CSVScanner.Problem?
  }

  private func readRow(_ start: Int, _ end: Int, of batch: Batch) -> Row {
    var row = Row(start: start, end: end, next: end, root: batch.nodes.count)
    batch.nodes.reserve(columns.count + 1)
    batch.nodes.append(Node(.object, flags: .plain, offset: UInt32(start)))
    var scanner = CSVScanner(UnsafePointer(batch.bytes.base), start..<end, delimiter: dialect.delimiter)
    while true {
      let cell = scanner.next()
      if let problem = cell.problem { row.problem = row.problem ?? problem }
      if row.cells < columns.count { append(cell, to: batch, &row, &scanner) }
      row.cells += 1
      if cell.isQuoted { row.lines += lineBreaks(cell, scanner) }
      guard cell.endsRow else { continue }
      row.next = scanner.at
      row.end = rowEnd(scanner, from: start)
      row.lines += 1
      return row
    }
  }

  /// Behind the row's last byte: without its line break.
  private func rowEnd(_ scanner: CSVScanner, from start: Int) -> Int {
    var end = scanner.at
    if end > start, scanner.base[end - 1] == 0x0a { end -= 1 }
    if end > start, scanner.base[end - 1] == 0x0d { end -= 1 }
    return end
  }

  private func lineBreaks(_ cell: CSVScanner.Cell, _ scanner: CSVScanner) -> UInt32 {
    UInt32(scan_count(scanner.base + cell.start, scanner.base + cell.end, 0x0a))
  }

  @inline(__always)
  private func append(_ cell: CSVScanner.Cell, to batch: Batch, _ row: inout Row, _ scanner: inout CSVScanner) {
    var node = Node(
      .string, key: UInt16(row.cells + 1), next: UInt32(batch.nodes.count + 1), offset: UInt32(cell.start),
      length: UInt32(cell.end - cell.start))
    if !cell.isQuoted, isNull(cell, scanner) {
      node.kind = .null
      node.length = 0
    } else {
      node.flags = flags(cell, scanner)
      if node.flags.contains(.wide) { row.isWide = true }
      if cell.hasDoubledQuotes {
        unescape(cell, of: batch, into: &node)
        // The bytes may have moved.
        scanner.move(to: UnsafePointer(batch.bytes.base))
      }
    }
    batch.nodes.append(node)
  }

  @inline(__always)
  private func isNull(_ cell: CSVScanner.Cell, _ scanner: CSVScanner) -> Bool {
    guard let null = dialect.null, null.count == cell.end - cell.start else { return false }
    return null.indices.allSatisfy { null[$0] == scanner.base[cell.start + $0] }
  }

  /// What the text is, for whoever writes it as JSON or computes with it.
  @inline(__always)
  private func flags(_ cell: CSVScanner.Cell, _ scanner: CSVScanner) -> Node.Flags {
    var flags = Node.Flags()
    var place = scanner.base + cell.start
    let end = scanner.base + cell.end
    while let special = scan_json_text(place, end), special < end {
      flags.insert(special.pointee >= 0x80 ? .wide : .plain)
      place = special + 1
    }
    return flags
  }

  /// Appends the text with its doubled quotes made single.
  private func unescape(_ cell: CSVScanner.Cell, of batch: Batch, into node: inout Node) {
    batch.bytes.reserve(cell.end - cell.start)
    node.offset = UInt32(batch.bytes.count)
    var place = cell.start
    while place < cell.end {
      let byte = batch.bytes.base[place]
      batch.bytes.append(byte)
      place += byte == CSVDialect.quote ? 2 : 1
    }
    node.length = UInt32(batch.bytes.count) - node.offset
  }

  private func isBlank(_ row: Row, of batch: Batch) -> Bool {
    guard row.end == row.start, columns.count != 1 else { return false }
    batch.nodes.setCount(row.root)
    return true
  }

  private func add(_ row: Row, line: UInt32, to batch: Batch) {
    var event = Event(
      .read, record: UInt32(row.root), offset: UInt32(row.start), length: UInt32(row.end - row.start))
    event.line = line
    event.shape = Self.shape
    let refusal = refusal(row, of: batch)
    if refusal != nil {
      batch.nodes.setCount(row.root)
      event.record = Event.none
    } else {
      batch.nodes[row.root].next = UInt32(batch.nodes.count)
      batch.nodes[row.root].length = event.length
    }
    batch.events.append(event)
    guard let refusal else { return }
    let index = batch.events.count - 1
    batch.fail(index, Failure(event: index, code: refusal.code, stage: "decode", message: refusal.message))
  }

  /// Why the row is no record; nil where it is one.
  private func refusal(_ row: Row, of batch: Batch) -> Refusal? {
    switch row.problem {
    case .unterminated:
      return Refusal(code: "decode.csv_quote", message: "a quote is not closed before the end of the input")
    case .textBehindQuote:
      return Refusal(code: "decode.csv_quote", message: "there is text between a closing quote and the next delimiter")
    case nil: break
    }
    if row.cells != columns.count {
      return Refusal(
        code: "decode.csv_ragged", message: "the row has \(row.cells) cells; the columns are \(columns.count)")
    }
    guard row.isWide else { return nil }
    let raw = UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[row.start..<row.end])
    return UTF8Check.firstInvalid(raw).map {
      Refusal(code: "decode.invalid_utf8", message: "the bytes are not UTF-8, at byte \($0 + 1) of the row")
    }
  }
}
