import ConnectorKit
import Records

/// A stream whose begin can be read again, until it is played on.
final class RewindableInput: ByteInput {
  private let inner: any ByteInput
  private var kept = ByteBuffer()
  private var at = 0
  private var isKeeping = true

  init(_ inner: any ByteInput) { self.inner = inner }

  func rewind(to offset: Int) { at = offset }

  /// Gives what stands behind `offset` once more, and keeps nothing from now on.
  func play(from offset: Int) {
    at = offset
    isKeeping = false
  }

  func read(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Arrival {
    if at < kept.count {
      let count = min(kept.count - at, room.count)
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: kept.bytes[at..<at + count]))
      at += count
      return .bytes(count)
    }
    let arrival = try inner.read(into: room)
    if case .bytes(let count) = arrival, isKeeping {
      kept.append(UnsafeRawBufferPointer(rebasing: room[..<count]))
      at = kept.count
    }
    return arrival
  }
}
