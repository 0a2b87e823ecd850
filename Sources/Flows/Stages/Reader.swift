import ConnectorKit
import Records

/// Fills parcels from the source and numbers them, as long as there is room.
struct Reader: Sendable {
  let upstream: Upstream
  let pool: ParcelPool
  let work: WorkQueue
  let books: Books
  let gate: TransactionGate
  let world: World

  /// Reads until the source ends, fails or is to be opened anew, or the task is cancelled. Room and memory are waited for
  /// before a batch is read, so that a batch that has a number always goes on.
  func run() async -> Books.ReaderEnd {
    while await waitForRoom(), let parcel = await pool.take() {
      do {
        switch try await upstream.next(into: parcel.batch) {
        case .batch:
          guard gate.admits(parcel.batch) else {
            pool.giveBack(parcel)
            return .stopped
          }
          pass(parcel)
        case .idle: pool.giveBack(parcel)
        case .end:
          pool.giveBack(parcel)
          return .ended
        case .reopen:
          pool.giveBack(parcel)
          return .reopens
        }
      } catch {
        pool.giveBack(parcel)
        return Task.isCancelled && error == .interrupted ? .stopped : .failed(error)
      }
    }
    return .stopped
  }

  private func waitForRoom() async -> Bool {
    if world.flaw == .fullHandoverDrops { return !Task.isCancelled }
    return await work.waitForRoom()
  }

  private func pass(_ parcel: Parcel) {
    world.observe(.read(bytes: parcel.batch.inputBytes, inFlightBytes: pool.inFlight))
    if world.flaw == .fullHandoverDrops && work.isFull { return pool.giveBack(parcel) }
    books.issue(parcel)
    work.send(parcel)
  }
}
