import ConnectorKit
import Expressions
import Records

/// What one compute lane works with.
///
/// `@unchecked Sendable`: made before the lane starts, and then used by that lane alone.
struct Tools: @unchecked Sendable {
  let decoder: any Decoder
  let contract: ContractStage?
  let mapper: any Mapper
  /// One a target lane.
  let encoders: [any Encoder]
}

/// Decodes, maps and encodes whole batches, on a lane of its own among several.
struct Computer: Sendable {
  let lane: Int
  let tools: Tools
  let work: WorkQueue
  let books: Books
  let pool: ParcelPool
  let pace: Pace?
  let world: World

  /// Throws where the contract ends the run.
  ///
  /// Mapped rows are needed until they are encoded, so the lane has one set of them, not each batch in flight its own.
  func run() async throws(FlowError) {
    var rows = Rows()
    while let parcel = await work.receive(lane: lane) {
      tools.decoder.decode(parcel.batch)
      if let pace, await !pace.wait(for: parcel.batch.events.count) { return }
      try check(parcel.batch)
      swap(&rows, &parcel.batch.rows)
      tools.mapper.map(parcel.batch)
      encode(parcel)
      swap(&rows, &parcel.batch.rows)
      rows.reset()
      parcel.count()
      pool.recharge(parcel)
      await world.giveWay()
      books.arrived(parcel)
    }
  }

  private func check(_ batch: Batch) throws(FlowError) {
    do throws(ContractBreach) { try tools.contract?.check(batch) } catch { throw FlowError(error) }
  }

  /// Once a row, so it reads through plain pointers and looks for encoder and payload only where the lane changes: looking
  /// into the batch would be checked for exclusive access each time, and into arrays would count references. The pointers
  /// hold, because nothing adds rows or events while the batch is encoded.
  private func encode(_ parcel: Parcel) {
    let batch = parcel.batch
    let rows = UnsafeBufferPointer(start: batch.rows.rows.base, count: batch.rows.rows.count)
    let events = UnsafeBufferPointer(start: batch.events.base, count: batch.events.count)
    var index = 0
    while index < rows.count {
      let lane = self.lane(of: rows[index], at: index)
      index = encode(rows, from: index, of: parcel, events, lane: lane)
    }
  }

  /// Encodes the rows from `first` on that take the lane.
  ///
  /// - Returns: the first that takes another.
  private func encode(
    _ rows: UnsafeBufferPointer<Row>, from first: Int, of parcel: Parcel, _ events: UnsafeBufferPointer<Records.Event>,
    lane: Int
  ) -> Int {
    let batch = parcel.batch
    let encoder = tools.encoders[lane]
    let payload = parcel.payloads[lane]
    let hasOneLane = tools.encoders.count == 1
    var index = first
    while index < rows.count, hasOneLane || self.lane(of: rows[index], at: index) == lane {
      let event = Int(rows[index].event)
      precondition(event < events.count, "a row of no event")
      if case .flowing = events[event].outcome {
        do {
          try encoder.encode(row: index, of: batch, into: payload)
        } catch {
          parcel.refuse(event, error)
        }
      }
      index += 1
    }
    return index
  }

  private func lane(of row: Row, at index: Int) -> Int {
    let count = tools.encoders.count
    if count == 1 { return 0 }
    let number = world.flaw == .lanesInTurn ? UInt64(index) : row.keyHash
    return Int(number % UInt64(count))
  }
}

extension Parcel {
  /// A row of the event has no form in the target: the event is a dead letter, and rows of it that were encoded before
  /// are taken back.
  func refuse(_ event: Int, _ refusal: Refusal) {
    batch.fail(
      event,
      Failure(event: event, code: refusal.code, stage: "target", field: refusal.field, message: refusal.message))
    for payload in payloads {
      while payload.rows.count > 0, payload.rows[payload.rows.count - 1].event == UInt32(event) {
        payload.rows.setCount(payload.rows.count - 1)
        payload.bytes.truncate(to: payload.rows.isEmpty ? 0 : Int(payload.rows[payload.rows.count - 1].end))
      }
    }
  }

  /// Counts where the events ended; those that flow on count as written.
  func count() {
    var counts = Counts()
    defer { self.counts = counts }
    counts.read = UInt64(batch.events.count)
    var ended = [StepCounts.Step](batch.steps.map { StepCounts.Step($0) })
    for event in UnsafeBufferPointer(start: batch.events.base, count: batch.events.count) {
      switch event.outcome {
      case .flowing, .written: counts.written += 1
      case .filtered:
        counts.filtered += 1
        if event.step > 0 { ended[Int(event.step) - 1].filtered += 1 }
      case .duplicate: counts.duplicate += 1
      case .stale: counts.stale += 1
      case .deadLettered:
        counts.deadLettered += 1
        if event.step > 0 { ended[Int(event.step) - 1].deadLettered += 1 }
      }
    }
    for step in ended where step.filtered + step.deadLettered > 0 { counts.steps.add(step) }
    counts.steps += batch.made
  }
}
