import Records

/// Writes `meta` of the events of a stream: what tells one from all others (the same whenever it is sent), its table, and
/// the transaction that it belongs to.
struct EventMeta {
  private let eventID: UInt16
  private let schema: UInt16
  private let table: UInt16
  private let time: UInt16
  private let position: UInt16
  private let transaction: UInt16

  /// Of the transaction under way, as places in the batch.
  private var timeNode = Node.null
  private var positionNode = Node.null
  private var transactionNode = Node.null
  private var place = ""
  /// The names of the last table that was written, and whose they are.
  private var names: (relation: Int, schema: Node, table: Node)?

  init(_ keys: KeyTable) {
    func id(_ name: StaticString) -> UInt16 {
      keys.id(of: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
    eventID = id("event_id")
    schema = id("schema")
    table = id("table")
    time = id("time")
    position = id("position")
    transaction = id("transaction")
  }

  /// Another batch begins: what was written in the last one stands there.
  mutating func begin() { names = nil }

  /// The changes of another transaction follow.
  mutating func begin(transaction message: Range<Int>, _ batch: Batch) {
    let bytes = UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[..<message.upperBound])
    guard let message = try? OutputReader.read(bytes, at: message.lowerBound).message,
      case .begin(let begin) = message
    else { return }
    place = "\(begin.commit)"
    positionNode = Self.text(place, position, batch)
    timeNode = Self.text(Self.timestamp(begin.time).description, time, batch)
    transactionNode = Node(integer: Int64(begin.transaction))
    transactionNode.key = transaction
  }

  /// - Parameter microseconds: since 2000, UTC.
  private static func timestamp(_ microseconds: Int64) -> Timestamp {
    let million: Int64 = 1_000_000
    let seconds = (microseconds - (microseconds < 0 ? million - 1 : 0)) / million
    return Timestamp(
      seconds: seconds + 946_684_800, nanoseconds: Int32((microseconds - seconds * million) * 1_000))
  }

  private static func text(_ text: String, _ key: UInt16, _ batch: Batch) -> Node {
    let start = batch.bytes.count
    batch.bytes.append(text)
    var node = Node(.string, key: key, offset: UInt32(start), length: UInt32(batch.bytes.count - start))
    if JSONText.needsEscape(UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[start...])) { node.flags.insert(.plain) }
    if text.utf8.contains(where: { $0 >= 0x80 }) { node.flags.insert(.wide) }
    return node
  }

  /// - Parameters:
  ///   - count: the place of the change in its transaction.
  ///   - relation: the number of the table's description.
  ///   - part: of a change that makes several events, which one it is.
  mutating func append(
    _ count: UInt64, _ part: Int, _ relation: Int, _ version: RelationVersion, _ batch: Batch
  ) -> UInt32 {
    if names?.relation != relation {
      names = (relation, Self.text(version.schema, schema, batch), Self.text(version.name, table, batch))
    }
    let start = batch.bytes.count
    batch.bytes.append(place)
    batch.bytes.append(UInt8(ascii: "/"))
    NodeJSON.appendInteger(Int64(count), to: &batch.bytes)
    if part > 1 {
      batch.bytes.append(UInt8(ascii: "."))
      NodeJSON.appendInteger(Int64(part), to: &batch.bytes)
    }
    let id = Node(.string, key: eventID, offset: UInt32(start), length: UInt32(batch.bytes.count - start))
    let root = batch.nodes.count
    batch.nodes.reserve(7)
    batch.nodes.append(Node(.object, flags: .plain, next: UInt32(root + 7)))
    append(id, batch)
    append(names?.schema ?? .null, batch)
    append(names?.table ?? .null, batch)
    append(timeNode, batch)
    append(positionNode, batch)
    append(transactionNode, batch)
    return UInt32(root)
  }

  private func append(_ node: Node, _ batch: Batch) {
    var node = node
    node.next = UInt32(batch.nodes.count + 1)
    batch.nodes.append(node)
  }
}
