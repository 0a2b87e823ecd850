import Synchronization

/// Hands parcels from the reader to whichever compute lane is free. A full queue makes the reader wait.
final class WorkQueue: Sendable {
  private struct State {
    var waiting = Fifo<Parcel>()
    /// Compute lanes with nothing to do.
    var idle: [Int] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let room = Bell()
  private let lanes: [Bell]
  /// The most parcels that wait, in parcels: so many more than lanes take up that none runs dry while the reader wakes and
  /// reads. On two cores 6 instead of 2 took 6 % off the time of a run from file to file; memory has its own bound.
  private let waitingMax: Int

  init(lanes: Int) {
    self.lanes = (0..<lanes).map { _ in Bell() }
    waitingMax = lanes + 6
  }

  /// Waits until there is room for one more. There is one sender, so the room stays. False when the task is cancelled.
  func waitForRoom() async -> Bool {
    while !Task.isCancelled {
      if !isFull { return true }
      await room.wait()
    }
    return false
  }

  var isFull: Bool { state.withLock { $0.waiting.count >= waitingMax } }

  func send(_ parcel: Parcel) {
    let woken = state.withLock { state in
      state.waiting.append(parcel)
      return state.idle.popLast()
    }
    if let woken { lanes[woken].ring() }
  }

  /// nil when there will never be another, or the task is cancelled.
  func receive(lane: Int) async -> Parcel? {
    while !Task.isCancelled {
      let (parcel, isClosed) = take(lane)
      if let parcel { return parcel }
      if isClosed { return nil }
      await lanes[lane].wait()
    }
    return nil
  }

  /// The sender is woken when half of the room is free, not for every parcel: a thread's wake-up costs some
  /// microseconds.
  private func take(_ lane: Int) -> (Parcel?, isClosed: Bool) {
    let (parcel, left, isClosed) = state.withLock { state in
      let parcel = state.waiting.popFirst()
      if parcel == nil && !state.idle.contains(lane) { state.idle.append(lane) }
      return (parcel, state.waiting.count, state.isClosed)
    }
    if parcel != nil && left == waitingMax / 2 { room.ring() }
    return (parcel, isClosed)
  }

  func close() {
    state.withLock { $0.isClosed = true }
    for lane in lanes { lane.ring() }
  }
}
