import ConnectorKit
import Flows
import Records

/// A target of one of the kinds of ``Scenario/TargetKind``, one lane of it.
actor SimulatedTarget: ParkingTarget {
  nonisolated let rowsAtOnce = 1
  let lane: Int
  let universe: Universe
  let effects: SimulatedEffects
  private var isBusy = false

  init(_ lane: Int, _ universe: Universe, _ effects: SimulatedEffects) {
    self.lane = lane
    self.universe = universe
    self.effects = effects
  }

  private var kind: Scenario.TargetKind { universe.scenario.target }

  func open(at mark: Value?) async throws(ConnectorError) -> Position? {
    try await effects.perform(.openTarget) { () throws(ConnectorError) in
      if let rows = mark?["rows"]?.int, kind == .marked { cut(to: Int(rows)) }
      if kind == .transactional { universe.pending[lane] = [] }
      return nil
    }
  }

  private func cut(to rows: Int) {
    let table = universe.tables[lane]
    if table.count < rows { universe.violate("the mark says \(rows) rows, but only \(table.count) are durable") }
    universe.tables[lane] = Array(table.prefix(rows))
  }

  nonisolated func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder { SimulatedEncoder() }

  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    try await write(payloads, withholding: [])
  }

  func write(_ payloads: [Payload], withholding keys: Set<UInt64>) async throws(ConnectorError) -> Written {
    try enter()
    defer { isBusy = false }
    let rows = payloads.map(SimulatedRow.all)
    if universe.isFinished[lane] { universe.violate("written after the target had finished") }
    return try await effects.perform(.write) { () async throws(ConnectorError) in
      let parked = park(rows, withholding: keys)
      let stored = rows.enumerated().map { payload, rows in
        rows.indices.filter { !parked.places.contains([payload, $0]) }.map { rows[$0] }
      }
      try await store(stored)
      noteOrder(stored)
      var answer = answer(rows, except: parked.places)
      answer.parked = parked.rows
      return answer
    }
  }

  /// Which rows are not stored now: those that it fails for, and those behind them.
  private func park(
    _ payloads: [[SimulatedRow]], withholding keys: Set<UInt64>
  ) -> (rows: [Parked], places: Set<[Int]>) {
    guard kind == .rowByRow else { return ([], []) }
    var (rows, places) = ([Parked](), Set<[Int]>())
    var waiting = keys
    for (payload, payloadRows) in payloads.enumerated() {
      for (index, row) in payloadRows.enumerated() {
        let key = row.keyHash
        let fails = !waiting.contains(key) && universe.fails(row.event)
        guard fails || waiting.contains(key) else { continue }
        waiting.insert(key)
        places.insert([payload, index])
        let error = ConnectorError("target.failing", "on purpose", remedy: .retry(after: nil))
        rows.append(Parked(RowPlace(payload: payload, row: index), key: key, error: fails ? error : nil))
      }
    }
    return (rows, places)
  }

  func store(_ payloads: [[SimulatedRow]]) async throws(ConnectorError) {
    for row in payloads.joined() where !isRefused(row) && row.event.fate != .stale {
      switch kind {
      case .marked, .buffered, .transactional: universe.pending[lane].append(row)
      case .rowByRow:
        try effects.stillOn()
        universe.tables[lane].append(row)
        await effects.simulator.pause(upTo: .microseconds(100))
        try effects.stillOn()
      }
    }
  }

  private func isRefused(_ row: SimulatedRow) -> Bool {
    row.event.fate == .rejected || row.event.fate == .halfRejected && row.key >= 50
  }

  func answer(_ payloads: [[SimulatedRow]], except parked: Set<[Int]> = []) -> Written {
    var written = Written()
    for (payload, rows) in payloads.enumerated() {
      for (index, row) in rows.enumerated() where !parked.contains([payload, index]) {
        let place = RowPlace(payload: payload, row: index)
        if isRefused(row) {
          written.rejections.append(Rejection(place: place, code: "target.refused", message: "on purpose"))
        }
        if row.event.fate == .stale { written.stale.append(place) }
      }
    }
    return written
  }

  /// Invariant 3: rows of one key arrive in the source's order.
  func noteOrder(_ payloads: [[SimulatedRow]]) {
    for row in payloads.joined() {
      if let last = universe.written[row.key], last >= row.event.delivery {
        universe.violate("key \(row.key): delivery \(row.event.delivery) was written after \(last)")
      }
      universe.written[row.key] = row.event.delivery
    }
  }

  func flush() async throws(ConnectorError) -> Value? {
    try enter()
    defer { isBusy = false }
    return try await effects.perform(.flush) { () throws(ConnectorError) in
      if kind == .transactional {
        try standing(.flush)
        universe.flushCommits()
        return nil
      }
      universe.tables[lane] += universe.pending[lane]
      universe.pending[lane] = []
      return kind == .marked ? ["rows": .int(Int64(universe.tables[lane].count))] : nil
    }
  }

  func finish() async throws(ConnectorError) {
    try await effects.perform(.finish) { () throws(ConnectorError) in
      if universe.durableCheckpoint?.stage == .running {
        universe.violate("finished, but the checkpoint does not say that the source has ended")
      }
      universe.isFinished[lane] = true
    }
  }

  func leave() { isBusy = false }

  func enter() throws(ConnectorError) {
    if isBusy { universe.violate("two calls of one target at a time") }
    isBusy = true
  }

  func close() async { await effects.simulator.pause() }
}
