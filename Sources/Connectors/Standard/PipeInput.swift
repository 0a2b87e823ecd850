import ConnectorKit
import Glibc

/// What another program writes into a pipe, or a person at a terminal.
final class PipeInput: ByteInput {
  /// How long a read waits for the first byte, in milliseconds; so soon the end of a run is seen.
  private static let waitMs: Int32 = 200

  private let file: DurableFile

  init(_ file: DurableFile) { self.file = file }

  /// Waits a little for something to come, then takes all that is there.
  func read(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Arrival {
    var count = 0
    while count < room.count, isReady(waitMs: count == 0 ? Self.waitMs : 0) {
      let more: Int
      do throws(FileError) {
        more = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: room[count...]))
      } catch  where error.number == EAGAIN {
        break
      } catch {
        throw error.connectorError
      }
      if more == 0 { return count == 0 ? .end : .bytes(count) }
      count += more
    }
    return count == 0 ? .nothing : .bytes(count)
  }

  private func isReady(waitMs: Int32) -> Bool {
    var wanted = pollfd(fd: file.descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&wanted, 1, waitMs) > 0
  }
}
