import ConnectorKit

/// A stream of bytes from outside.
protocol ByteInput: AnyObject {
  /// Reads what there is, up to the size of the room.
  func read(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Arrival
}

/// What a read brought.
enum Arrival: Equatable {
  /// So many bytes, one at least.
  case bytes(Int)
  /// Nothing yet, but more may come.
  case nothing
  case end
}
