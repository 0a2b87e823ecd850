/// What a server sends inside of COPY while it streams its log.
enum ReplicationFrame: Equatable {
  /// A message of the output plugin: where it stands in the log, and its bytes as a range of the frame's.
  case data(start: LSN, message: Range<Int>)
  /// Nothing new, and up to where everything was sent.
  case keepalive(end: LSN, wantsReply: Bool)

  init(_ bytes: UnsafeRawBufferPointer) throws(WireReader.Fault) {
    var reader = WireReader(bytes)
    switch try reader.byte() {
    case UInt8(ascii: "w"):
      let start = try reader.lsn()
      _ = try reader.lsn()
      _ = try reader.int64()
      self = .data(start: start, message: reader.at..<bytes.count)
    case UInt8(ascii: "k"):
      let end = try reader.lsn()
      _ = try reader.int64()
      self = .keepalive(end: end, wantsReply: try reader.byte() != 0)
    case let other: throw .unknown(other)
    }
  }
}

/// What a client tells the server: up to where it has everything, and up to where it will never ask again.
struct StandbyStatus: Equatable {
  var received: LSN
  /// The server lets go of everything before it, so it is never ahead of what is durable (Invariant 1).
  var durable: LSN
  /// Whether the server shall answer at once, with a keepalive.
  var wantsReply = false

  /// - Parameter time: microseconds since 2000, UTC; the server shows it and does nothing with it.
  func message(time: Int64 = 0) -> [UInt8] {
    var writer = WireWriter()
    writer.append(UInt8(ascii: "r"))
    writer.append(max(received, durable).rawValue)
    writer.append(durable.rawValue)
    writer.append(durable.rawValue)
    writer.append(UInt64(bitPattern: time))
    writer.append(UInt8(wantsReply ? 1 : 0))
    return writer.bytes
  }
}
