import Synchronization

/// Where parcels come from and go back to: the bound of the memory in flight (Invariant 7). When the limit is reached
/// the reader waits here, and with it the source.
///
/// The limit may be passed by what a parcel grows while it is computed, so by one parcel a compute lane; and one parcel
/// is always given, however large the last one was.
final class ParcelPool: Sendable {
  private struct State {
    var free: [Parcel] = []
    /// Charged to parcels that are out.
    var inFlight = 0
    var out = 0
    /// What a new parcel is expected to grow to: the last one's footprint.
    var expected: Int
  }

  private let state: Mutex<State>
  private let bell = Bell()
  private let limit: Int
  private let batchBytes: Int
  private let lanes: Int

  /// - Parameter limit: in bytes.
  init(limit: Int, batchBytes: Int, lanes: Int) {
    self.limit = limit
    self.batchBytes = batchBytes
    self.lanes = lanes
    state = Mutex(State(expected: batchBytes))
  }

  /// Whether the parcels that are out take half of the limit.
  var isCrowded: Bool { state.withLock { $0.inFlight >= limit / 2 } }

  /// Bytes of parcels that are out.
  var inFlight: Int { state.withLock { $0.inFlight } }

  /// An empty parcel; waits for one to come back when the limit is reached. nil when the task is cancelled.
  func take() async -> Parcel? {
    while !Task.isCancelled {
      if let parcel = takeNow() { return parcel }
      await bell.wait()
    }
    return nil
  }

  private func takeNow() -> Parcel? {
    state.withLock { state in
      let charge = state.free.last?.charge ?? state.expected
      guard state.out == 0 || state.inFlight + charge <= limit else { return nil }
      let parcel = state.free.popLast() ?? Parcel(batchBytes: batchBytes, lanes: lanes)
      parcel.charge = charge
      state.inFlight += charge
      state.out += 1
      return parcel
    }
  }

  /// Charges what the parcel really takes, after it was filled.
  func recharge(_ parcel: Parcel) {
    let footprint = parcel.footprint
    guard footprint != parcel.charge else { return }
    state.withLock { state in
      state.inFlight += footprint - parcel.charge
      state.expected = footprint
    }
    parcel.charge = footprint
  }

  /// Takes a parcel back whose events have all reached their buckets. Memory beyond half the limit is freed.
  func giveBack(_ parcel: Parcel) {
    let charged = parcel.charge
    parcel.reset()
    parcel.charge = parcel.footprint
    state.withLock { state in
      state.inFlight -= charged
      state.out -= 1
      if state.inFlight + (state.free.count + 1) * parcel.charge <= limit { state.free.append(parcel) }
    }
    bell.ring()
  }
}
