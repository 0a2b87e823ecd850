import ConnectorKit
import Records

/// A batch on its way, with what the target lanes get of it. Recycled as a whole.
///
/// `@unchecked Sendable`: belongs to one lane at a time until its payloads are handed to the target lanes; from then on
/// each of them reads its own payload, and everything else is read and changed under the lock of ``Books``.
final class Parcel: @unchecked Sendable {
  let batch: Batch
  /// One a target lane.
  let payloads: [Payload]
  /// Given in the order of reading.
  var number: UInt64 = 0
  /// What was counted so far; events that still flow count as written, and move when a target says otherwise.
  var counts = Counts()
  /// How often a target was asked to store it.
  var tries = 1
  /// What became of the events of parcels without rows that came right before it.
  var passedBy = Counts()
  /// Whether its dead letters were written.
  var isTold = false
  /// What the `dedupe` steps remember behind it; nil where the pipeline has none.
  var keyMark: KeyMark?
  /// How many bytes of the pool's limit it takes.
  var charge = 0

  init(batchBytes: Int, lanes: Int) {
    // With room for what mapping adds: constants, texts that were changed.
    batch = Batch(bytesCapacity: batchBytes + batchBytes / 8)
    payloads = (0..<lanes).map { _ in Payload() }
  }

  /// The lanes that get something of it.
  var lanes: LaneSet {
    var lanes = LaneSet()
    for lane in payloads.indices where !payloads[lane].rows.isEmpty { lanes.insert(lane) }
    return lanes
  }

  /// The memory that it holds, in bytes, whether used or not.
  var footprint: Int {
    var bytes = batch.bytes.capacity + batch.nodes.capacity * MemoryLayout<Node>.stride
    bytes += batch.events.capacity * MemoryLayout<Records.Event>.stride
    bytes += batch.dedupeKeys.capacity * MemoryLayout<DedupeKey>.stride
    bytes += batch.rows.rows.capacity * MemoryLayout<Row>.stride
    bytes += batch.rows.cells.capacity * MemoryLayout<Node>.stride
    for payload in payloads {
      bytes += payload.bytes.capacity + payload.rows.capacity * MemoryLayout<Payload.Entry>.stride
    }
    return bytes
  }

  func reset() {
    batch.reset()
    for payload in payloads { payload.reset() }
    counts = Counts()
    tries = 1
    passedBy = Counts()
    isTold = false
    keyMark = nil
  }

  /// Ends events that others make needless: nothing of them is written or told.
  func drop(_ needless: NeedlessEvents) {
    guard !needless.isEmpty else { return }
    batch.mark(needless)
    for payload in payloads { payload.removeRows { batch.events[Int($0)].outcome.isNeedless } }
    count()
  }
}

/// Some of up to 64 lanes.
struct LaneSet: Sendable, Equatable {
  private var bits: UInt64 = 0

  init() {}
  /// The first `count` lanes.
  init(all count: Int) { bits = count >= 64 ? .max : (1 << UInt64(count)) - 1 }

  var isEmpty: Bool { bits == 0 }
  func contains(_ lane: Int) -> Bool { bits >> UInt64(lane) & 1 == 1 }
  mutating func insert(_ lane: Int) { bits |= 1 << UInt64(lane) }
  mutating func remove(_ lane: Int) { bits &= ~(1 << UInt64(lane)) }
}
