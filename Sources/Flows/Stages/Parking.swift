import ConnectorKit
import Pipelines
import Records

/// Writes to a target that can leave rows for later, and gives them again until they are stored, refused or given up.
///
/// Invariant 3: a key whose event is parked holds back that key alone.
struct Parking {
  private let target: any ParkingTarget
  private let lane: Int
  private let books: Books
  private let world: World
  private var lot: ParkingLot
  /// Those of which the lot holds rows, by number.
  private var parcels: [UInt64: Parcel] = [:]

  init(_ target: any ParkingTarget, lane: Int, _ retry: RetryPolicy, _ books: Books, in world: World) {
    self.target = target
    self.lane = lane
    self.books = books
    self.world = world
    lot = ParkingLot(retry)
  }

  /// When parked rows are to be tried again; nil where there are none.
  var due: Duration? { lot.due }

  private var party: Flow.Party { .target(lane: lane) }

  mutating func write(_ group: [Parcel], _ attempts: inout Attempts) async throws(FlowError) {
    let payloads = group.map { $0.payloads[lane] }
    let withheld = world.flaw == .parkedIsOvertaken ? [] : lot.keys
    let (answer, tries) = try await send(payloads, withholding: withheld, &attempts)
    guard books.noted(answer, group, lane: lane) else { throw .badAnswer(party) }
    let now = world.now()
    if answer.parked.count + answer.rejections.count < payloads.reduce(0, { $0 + $1.rows.count }) {
      lot.stored(at: now)
    }
    tell(lot.park(parked(answer, of: group), at: now, random: world.random))
    if world.flaw == .parkedIsForgotten { return try books.written(group, Written(), lane: lane, tries: tries) }
    for parcel in group where lot.holds(parcel.number) { parcels[parcel.number] = parcel }
    try books.written(group.filter { !lot.holds($0.number) }, Written(), lane: lane, tries: tries)
  }

  /// Gives the rows again that are due.
  ///
  /// - Parameter isIdle: whether there is nothing else to write.
  mutating func retry(isIdle: Bool, _ attempts: inout Attempts) async throws(FlowError) {
    let places = lot.places(dueAt: world.now())
    let numbers = Array(Set(places.map(\.parcel))).sorted()
    let group = numbers.compactMap { parcels[$0] }
    let rows = numbers.map { number in places.filter { $0.parcel == number }.map(\.row) }
    let payloads = zip(group, rows).map { Payload(rows: $1, of: $0.payloads[lane]) }
    let (given, tries) = try await send(payloads, withholding: [], &attempts)
    guard let answer = given.placed(in: rows), books.noted(answer, group, lane: lane) else { throw .badAnswer(party) }
    let now = world.now()
    if answer.parked.count + answer.rejections.count < places.count { lot.stored(at: now) }
    let (failures, givenUp) = lot.tried(
      places,
      parked: parked(answer, of: group), at: now, isCrowded: isIdle && books.isCrowded, random: world.random)
    tell(failures)
    try reject(givenUp)
    let closed = group.filter { !lot.holds($0.number) }
    for parcel in closed { parcels[parcel.number] = nil }
    try books.written(closed, Written(), lane: lane, tries: tries)
  }

  /// What an answer about parcels names as parked.
  private func parked(_ answer: Written, of group: [Parcel]) -> [ParkingLot.Row] {
    answer.parked.map { parked in
      let place = ParkingLot.Place(parcel: group[parked.place.payload].number, row: parked.place.row)
      return ParkingLot.Row(place: place, key: parked.key, error: parked.error)
    }
  }

  /// An outage: the same again, until the target answers.
  private func send(
    _ payloads: [Payload], withholding keys: Set<UInt64>, _ attempts: inout Attempts
  ) async throws(FlowError) -> (Written, tries: Int) {
    var tries = 1
    while true {
      do throws(ConnectorError) {
        let answer = try await target.write(payloads, withholding: keys)
        attempts.succeeded()
        return (answer, tries)
      } catch {
        try await attempts.failed(error)
        tries += 1
      }
    }
  }

  private func reject(_ rows: [ParkingLot.GivenUp]) throws(FlowError) {
    for row in rows {
      guard let parcel = parcels[row.place.parcel] else { continue }
      let rejection = Rejection(
        place: RowPlace(payload: 0, row: row.place.row), code: row.error.code,
        message: "\(row.error.message) It was tried \(row.tries) times in \(Int(row.after.seconds.rounded())) s, while"
          + " other rows were stored.")
      let answer = Written(rejections: [rejection])
      guard books.noted(answer, [parcel], lane: lane, tries: row.tries) else { throw .badAnswer(party) }
    }
  }

  private func tell(_ failures: [ParkingLot.Failure]) {
    for failure in failures {
      world.observe(
        .parked(party, attempt: failure.attempt, after: failure.after, rows: failure.rows, failure.error))
    }
  }
}

extension Written {
  /// The same of rows that were taken out of other payloads.
  ///
  /// - Parameter rows: which rows of each payload were given.
  /// - Returns: nil where it names a row that was not.
  fileprivate func placed(in rows: [[Int]]) -> Written? {
    func place(_ place: RowPlace) -> RowPlace? {
      guard rows.indices.contains(place.payload), rows[place.payload].indices.contains(place.row) else { return nil }
      return RowPlace(payload: place.payload, row: rows[place.payload][place.row])
    }
    var written = self
    for index in written.rejections.indices {
      guard let there = place(rejections[index].place) else { return nil }
      written.rejections[index].place = there
    }
    for index in written.stale.indices {
      guard let there = place(stale[index]) else { return nil }
      written.stale[index] = there
    }
    for index in written.parked.indices {
      guard let there = place(parked[index].place) else { return nil }
      written.parked[index].place = there
    }
    return written
  }
}
