import ConnectorKit
import Flows

/// How far a flow has come, put together from its events.
///
/// Pure: told what happens and when, it says where things stand. Times are the world's monotonic ones.
package struct Progress: Sendable {
  package enum Phase: Sendable, Equatable {
    case starting, running, draining, ended, failed
  }

  /// A side that does not answer.
  package struct Outage: Sendable, Equatable {
    package var party: Flow.Party
    /// When it is tried again.
    package var until: Duration
    /// Whether it is left alone until then, because it failed often.
    package var isOpen = false
  }

  /// Over how long rates are averaged.
  private static let window: Duration = .seconds(10)
  /// The most moments that are kept for that.
  private static let momentsMax = 128

  private struct Moment: Sendable {
    var time: Duration
    var records: UInt64
    var bytes: UInt64
  }

  package private(set) var phase = Phase.starting
  /// Of this run: what has reached its bucket.
  package private(set) var counts = Counts()
  /// Read in this run.
  package private(set) var bytes: UInt64 = 0
  package private(set) var extent: Extent?
  package private(set) var retries: UInt64 = 0
  package private(set) var lag: Lag?
  package private(set) var outage: Outage?
  package private(set) var stalledFor: Duration?
  package private(set) var inFlightBytes = 0
  package private(set) var checkpointedAt: Duration?
  private var moments: [Moment]

  package init(at now: Duration) {
    moments = [Moment(time: now, records: 0, bytes: 0)]
  }

  package mutating func note(_ event: Flow.Event, at now: Duration) {
    switch event {
    case .started(_, _, let extent):
      phase = .running
      self.extent = extent
      moments = [Moment(time: now, records: 0, bytes: 0)]
    case .read(let bytes, let inFlight):
      self.bytes += UInt64(bytes)
      inFlightBytes = inFlight
    case .settled(let counts):
      self.counts += counts
      stalledFor = nil
    case .retrying(let party, _, let after, _):
      retries += 1
      outage = Outage(party: party, until: now + after)
    case .circuitOpened(let party, let pause, _):
      retries += 1
      outage = Outage(party: party, until: now + pause, isOpen: true)
    case .parked: retries += 1
    case .recovered(let party): if outage?.party == party { outage = nil }
    case .lag(let lag): self.lag = lag
    case .stalled(let duration, let inFlight):
      stalledFor = duration
      inFlightBytes = inFlight
    case .checkpointed: checkpointedAt = now
    case .draining: phase = .draining
    case .finished: phase = .ended
    case .probing, .deadLettered, .acknowledged, .note, .warning: break
    }
  }

  /// The run is over, however it went.
  package mutating func end(failed: Bool) { phase = failed ? .failed : .ended }

  /// Remembers where things stand, for the rates; called at each tick.
  package mutating func tick(at now: Duration) {
    moments.append(Moment(time: now, records: counts.read, bytes: bytes))
    let start = now - Self.window
    while moments.count > 2, moments[1].time <= start || moments.count > Self.momentsMax { moments.removeFirst() }
  }
}

extension Progress {
  package var recordsPerSecond: Double { rate { Double($0.records) } }
  package var bytesPerSecond: Double { rate { Double($0.bytes) } }

  private func rate(_ amount: (Moment) -> Double) -> Double {
    guard let first = moments.first, let last = moments.last, last.time > first.time else { return 0 }
    return (amount(last) - amount(first)) / (last.time - first.time).seconds
  }

  /// How much of the source is read, 0 … 1; nil where nobody knows.
  package var share: Double? {
    guard let extent, extent.total > 0 else { return nil }
    return min(1, Double(done(of: extent)) / Double(extent.total))
  }

  /// At the present rate; nil where nobody knows.
  package var timeLeft: Duration? {
    guard let extent, extent.total > 0 else { return nil }
    let rate = extent.unit == .bytes ? bytesPerSecond : recordsPerSecond
    guard rate > 0 else { return nil }
    let left = extent.total - min(extent.total, done(of: extent))
    return .seconds(min(Double(left) / rate, 1e9))
  }

  private func done(of extent: Extent) -> UInt64 {
    extent.done + (extent.unit == .bytes ? bytes : counts.read)
  }
}
