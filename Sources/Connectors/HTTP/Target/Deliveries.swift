import ConnectorKit

/// The requests of one write: which may go now, and what became of each.
///
/// A value that decides and sends nothing. Rows of one key go one after the other (Invariant 3), without a key all do.
/// Where the server fails for single requests and answers others, their rows and those behind them are parked: only their
/// keys wait. Where it is away, the round ends; what failed is sent again in the next one, and what was stored is not.
struct Deliveries {
  /// What of a row decides how it goes.
  struct Line: Equatable {
    /// nil: nobody knows which row it is about.
    var key: UInt64?
    /// Rows of one request have the same.
    var group: Int
  }

  struct Refused: Equatable {
    var row: Int
    var code: String
    var message: String
  }

  /// A row that the server fails for, or that waits behind one.
  struct Parked: Equatable {
    var row: Int
    /// nil: it waits.
    var error: ConnectorError?
  }

  /// So many requests in a row that fail mean that the server is away, not that they are at fault.
  static let failuresMax = 5

  private struct Request {
    var rows: Range<Int>
    var waitsFor = 0
    var successors: [Int] = []
    var isSettled = false
    /// Why the server fails for it alone.
    var error: ConnectorError?
  }

  private var requests: [Request] = []
  /// Those that wait for no other, in order.
  private var ready: [Int] = []
  private var readyPlace = 0
  /// Those that go into the next round.
  private var failed: [Int] = []
  private var underWay = 0
  private var unsettled = 0
  private var failuresInRow = 0
  private(set) var refused: [Refused] = []
  /// Why this round sends no more, the latest wait that was asked for with it.
  private(set) var failure: ConnectorError?
  private let isInOrder: Bool

  /// - Parameter rowsMax: the most rows of one request.
  init(_ lines: [Line], rowsMax: Int) {
    isInOrder = lines.contains { $0.key == nil }
    gather(lines, rowsMax)
    unsettled = requests.count
    ready = requests.indices.filter { requests[$0].waitsFor == 0 }
  }

  // MARK: - Which rows go together

  private mutating func gather(_ lines: [Line], _ rowsMax: Int) {
    requests.reserveCapacity(lines.count / rowsMax)
    /// The last request with rows of a key.
    var last: [UInt64: Int] = [:]
    if !isInOrder { last.reserveCapacity(lines.count) }
    for (row, line) in lines.enumerated() {
      if let open = requests.last?.rows, open.count < rowsMax, lines[open.lowerBound].group == line.group,
        isInOrder || line.key.flatMap({ last[$0] }) != requests.count - 1
      {
        requests[requests.count - 1].rows = open.lowerBound..<row + 1
      } else {
        requests.append(Request(rows: row..<row + 1))
        if isInOrder, requests.count > 1 { follow(requests.count - 1, requests.count - 2) }
      }
      let request = requests.count - 1
      guard !isInOrder, let key = line.key, let before = last.updateValue(request, forKey: key) else { continue }
      if before != request { follow(request, before) }
    }
  }

  private mutating func follow(_ request: Int, _ before: Int) {
    // One request may hold several rows that follow the same one.
    if requests[before].successors.last == request { return }
    requests[before].successors.append(request)
    requests[request].waitsFor += 1
  }

  // MARK: - A round

  /// Everything that failed before may go again.
  mutating func begin() {
    failure = nil
    failuresInRow = 0
    ready = failed + ready[readyPlace...]
    readyPlace = 0
    failed.removeAll()
    for request in ready { requests[request].error = nil }
  }

  /// The request to send now; nil where nothing may go before others have ended.
  mutating func next() -> Int? {
    guard failure == nil, readyPlace < ready.count else { return nil }
    defer { readyPlace += 1 }
    underWay += 1
    return ready[readyPlace]
  }

  /// At the end of a round without a ``failure``: what was neither stored nor refused, in the order of the rows.
  var parked: [Parked] {
    requests.filter { !$0.isSettled }.flatMap { request in
      request.rows.map { Parked(row: $0, error: request.error) }
    }.sorted { $0.row < $1.row }
  }

  func rows(of request: Int) -> Range<Int> { requests[request].rows }

  mutating func answered(_ request: Int, _ verdict: Verdict) {
    underWay -= 1
    switch verdict {
    case .stored:
      failuresInRow = 0
      settle(request)
    case .refused(let code, let message):
      failuresInRow = 0
      if requests[request].rows.count > 1 {
        split(request)
      } else {
        refused += requests[request].rows.map { Refused(row: $0, code: code, message: message) }
        settle(request)
      }
    case .later(let error):
      failuresInRow += 1
      if mayPark(error) { return park(request, error) }
      failed.append(request)
      failure = Self.worse(failure, error)
    case .stop(let error):
      failed.append(request)
      failure = Self.worse(failure, error)
    }
  }

  /// Whether the failure may be the fault of that request alone.
  private func mayPark(_ error: ConnectorError) -> Bool {
    !isInOrder && error.code == "http.server_error" && failuresInRow < Self.failuresMax
  }

  /// Of several rows, those that the server does not fail for are found first.
  private mutating func park(_ request: Int, _ error: ConnectorError) {
    if requests[request].rows.count > 1 { return split(request) }
    requests[request].error = error
    failed.append(request)
  }

  /// What stops a run counts most, and then the longest wait.
  private static func worse(_ one: ConnectorError?, _ other: ConnectorError) -> ConnectorError {
    guard let one, case .retry(let wait) = one.remedy else { return one ?? other }
    guard case .retry(let longer) = other.remedy else { return other }
    return (longer ?? .zero) > (wait ?? .zero) ? other : one
  }

  private mutating func settle(_ request: Int) {
    unsettled -= 1
    requests[request].isSettled = true
    for next in requests[request].successors {
      requests[next].waitsFor -= 1
      if requests[next].waitsFor == 0 { ready.append(next) }
    }
  }

  /// Nobody says which of its rows was refused: each half goes by itself.
  private mutating func split(_ request: Int) {
    let rows = requests[request].rows
    let half = requests.count
    let middle = rows.lowerBound + rows.count / 2
    requests.append(Request(rows: middle..<rows.upperBound))
    requests[request].rows = rows.lowerBound..<middle
    unsettled += 1
    let successors = requests[request].successors
    requests[half].successors = successors
    if isInOrder {
      requests[request].successors = [half]
      requests[half].waitsFor = 1
    } else {
      for next in successors { requests[next].waitsFor += 1 }
      ready.append(half)
    }
    ready.append(request)
  }

  var isSettled: Bool { unsettled == 0 }
}
