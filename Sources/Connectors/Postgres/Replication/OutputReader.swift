/// Reads messages of `pgoutput`.
enum OutputReader {
  typealias Fault = WireReader.Fault

  /// - Parameter inStream: whether it stands inside of a transaction that is sent before it ends: such messages name
  ///   the (sub)transaction that they belong to.
  /// - Returns: the message, and that transaction.
  static func read(
    _ bytes: UnsafeRawBufferPointer, inStream: Bool = false
  ) throws(Fault) -> (message: OutputMessage, transaction: UInt32?) {
    var reader = WireReader(bytes)
    let kind = try reader.byte()
    var transaction: UInt32?
    if inStream, carriesTransaction(kind) { transaction = try reader.uint32() }
    return (try message(kind, &reader), transaction)
  }

  private static func carriesTransaction(_ kind: UInt8) -> Bool {
    switch kind {
    case UInt8(ascii: "R"), UInt8(ascii: "Y"), UInt8(ascii: "I"), UInt8(ascii: "U"), UInt8(ascii: "D"),
      UInt8(ascii: "T"), UInt8(ascii: "M"):
      true
    default: false
    }
  }

  private static func message(_ kind: UInt8, _ reader: inout WireReader) throws(Fault) -> OutputMessage {
    switch kind {
    case UInt8(ascii: "B"):
      return .begin(.init(commit: try reader.lsn(), time: try reader.int64(), transaction: try reader.uint32()))
    case UInt8(ascii: "C"): return .commit(try commit(&reader))
    case UInt8(ascii: "O"):
      _ = try reader.lsn()
      return .origin(name: try reader.text())
    case UInt8(ascii: "R"): return .relation(try relation(&reader))
    case UInt8(ascii: "Y"):
      return .type(id: try reader.uint32(), schema: try reader.text(), name: try reader.text())
    case UInt8(ascii: "I"): return try insert(&reader)
    case UInt8(ascii: "U"): return try update(&reader)
    case UInt8(ascii: "D"): return try delete(&reader)
    case UInt8(ascii: "T"): return try truncate(&reader)
    case UInt8(ascii: "M"): return .message(try logicalMessage(&reader))
    default: return try transactionMessage(kind, &reader)
    }
  }

  private static func transactionMessage(_ kind: UInt8, _ reader: inout WireReader) throws(Fault) -> OutputMessage {
    switch kind {
    case UInt8(ascii: "S"): return .streamStart(transaction: try reader.uint32(), isFirst: try reader.byte() == 1)
    case UInt8(ascii: "E"): return .streamStop
    case UInt8(ascii: "c"): return .streamCommit(transaction: try reader.uint32(), try commit(&reader))
    // Protocol 4 adds where and when; neither is needed.
    case UInt8(ascii: "A"):
      return .streamAbort(transaction: try reader.uint32(), subtransaction: try reader.uint32())
    case UInt8(ascii: "b"): return .beginPrepare(try prepare(&reader, hasFlags: false))
    case UInt8(ascii: "P"): return .prepare(try prepare(&reader, hasFlags: true))
    case UInt8(ascii: "K"): return .commitPrepared(try prepare(&reader, hasFlags: true))
    case UInt8(ascii: "r"): return .rollbackPrepared(try rollbackPrepared(&reader))
    case UInt8(ascii: "p"): return .streamPrepare(try prepare(&reader, hasFlags: true))
    default: throw .unknown(kind)
    }
  }

  private static func commit(_ reader: inout WireReader) throws(Fault) -> OutputMessage.Commit {
    _ = try reader.byte()
    return .init(commit: try reader.lsn(), end: try reader.lsn(), time: try reader.int64())
  }

  private static func prepare(
    _ reader: inout WireReader, hasFlags: Bool
  ) throws(Fault) -> OutputMessage.Prepare {
    if hasFlags { _ = try reader.byte() }
    let (lsn, end, time) = (try reader.lsn(), try reader.lsn(), try reader.int64())
    return .init(transaction: try reader.uint32(), name: try reader.text(), lsn: lsn, end: end, time: time)
  }

  private static func rollbackPrepared(_ reader: inout WireReader) throws(Fault) -> OutputMessage.Prepare {
    _ = try reader.byte()
    _ = try reader.lsn()
    let end = try reader.lsn()
    _ = try reader.int64()
    let time = try reader.int64()
    return .init(transaction: try reader.uint32(), name: try reader.text(), lsn: end, end: end, time: time)
  }

  // MARK: - Tables

  private static func relation(_ reader: inout WireReader) throws(Fault) -> RelationMessage {
    let id = try reader.uint32()
    let schema = try reader.text()
    let name = try reader.text()
    let letter = try reader.byte()
    guard let identity = RelationMessage.Identity(rawValue: letter) else { throw .unknown(letter) }
    var columns: [RelationMessage.Column] = []
    for _ in 0..<(try reader.count()) {
      let isIdentity = try reader.byte() & 1 == 1
      columns.append(
        .init(
          isIdentity: isIdentity, name: try reader.text(), type: try reader.uint32(),
          modifier: Int32(truncatingIfNeeded: try reader.int32())))
    }
    // An empty schema stands for the system's own.
    return RelationMessage(
      id: id, schema: schema.isEmpty ? "pg_catalog" : schema, name: name, identity: identity, columns: columns)
  }

  // MARK: - Rows

  private static func insert(_ reader: inout WireReader) throws(Fault) -> OutputMessage {
    let relation = try reader.uint32()
    try expect(UInt8(ascii: "N"), try reader.byte())
    return .insert(relation: relation, new: try tuple(&reader))
  }

  private static func update(_ reader: inout WireReader) throws(Fault) -> OutputMessage {
    let relation = try reader.uint32()
    var letter = try reader.byte()
    var old: OutputMessage.OldTuple?
    if let kind = OutputMessage.OldTuple.Kind(rawValue: letter) {
      old = .init(kind: kind, tuple: try tuple(&reader))
      letter = try reader.byte()
    }
    try expect(UInt8(ascii: "N"), letter)
    return .update(relation: relation, old: old, new: try tuple(&reader))
  }

  private static func delete(_ reader: inout WireReader) throws(Fault) -> OutputMessage {
    let relation = try reader.uint32()
    let letter = try reader.byte()
    guard let kind = OutputMessage.OldTuple.Kind(rawValue: letter) else { throw .unknown(letter) }
    return .delete(relation: relation, old: .init(kind: kind, tuple: try tuple(&reader)))
  }

  private static func expect(_ wanted: UInt8, _ found: UInt8) throws(Fault) {
    if wanted != found { throw .unknown(found) }
  }

  private static func tuple(_ reader: inout WireReader) throws(Fault) -> OutputMessage.Tuple {
    let columns = try reader.count()
    let start = reader.at
    var cells = TupleReader(reader)
    for _ in 0..<columns { _ = try cells.next() }
    reader = cells.reader
    return OutputMessage.Tuple(columns: columns, bytes: start..<reader.at)
  }

  private static func truncate(_ reader: inout WireReader) throws(Fault) -> OutputMessage {
    let count = try reader.int32()
    let options = try reader.byte()
    var relations: [UInt32] = []
    // The count is not trusted with memory: each one is read before the next is thought of.
    for _ in 0..<max(0, count) { relations.append(try reader.uint32()) }
    return .truncate(relations: relations, cascades: options & 1 != 0, restartsIdentities: options & 2 != 0)
  }

  private static func logicalMessage(_ reader: inout WireReader) throws(Fault) -> OutputMessage.LogicalMessage {
    let flags = try reader.byte()
    let lsn = try reader.lsn()
    let prefix = try reader.text()
    let content = try reader.range(try reader.int32())
    return .init(isTransactional: flags & 1 != 0, lsn: lsn, prefix: prefix, content: content)
  }
}

/// Reads the cells of a row, one after the other.
struct TupleReader {
  enum Cell: Equatable {
    case null
    /// A value that is stored apart from its row and was not changed: the server does not send it.
    case unchanged
    case text(Range<Int>)
  }

  fileprivate var reader: WireReader

  fileprivate init(_ reader: WireReader) { self.reader = reader }

  init(_ bytes: UnsafeRawBufferPointer, _ tuple: OutputMessage.Tuple) {
    reader = WireReader(bytes, at: tuple.bytes.lowerBound)
  }

  @inline(__always)
  mutating func next() throws(WireReader.Fault) -> Cell {
    switch try reader.byte() {
    case UInt8(ascii: "t"): return .text(try reader.range(try reader.int32()))
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "u"): return .unchanged
    case let other: throw .unknown(other)
    }
  }
}
