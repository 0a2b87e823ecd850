/// Events on their way through a flow: their bytes, nodes and places, in contiguous memory without an object a record.
///
/// Life: a source fills `bytes`, `origin` and `position`; a ``Decoder`` adds nodes and events; mapping adds rows; an
/// ``Encoder`` makes payloads of them. The engine takes batches from a ``BatchPool`` and gives them back.
///
/// `@unchecked Sendable`: a batch belongs to one lane at a time. Lanes hand it over through the engine's bounded
/// channels, which order the accesses, and the giver keeps no reference that it uses.
public final class Batch: @unchecked Sendable {
  /// The input, followed by text that decoding and mapping made; nodes point into it.
  public var bytes: ByteBuffer
  public var nodes: RawArray<Node>
  public var events: RawArray<Event>
  /// The names behind the key ids of `nodes`.
  public var keys = KeyNames()
  /// What the target gets, a row an event or more.
  public var rows = Rows()
  /// Why events became dead letters, in the order of `events` (at most one for each).
  public var failures: [Failure] = []

  /// The records as they were read, of events whose record is another now; for dead letters.
  public var originals: [Int: UInt32] = [:]
  /// The names of the transforms that events may end in.
  public var steps: [String] = []
  /// The rows that transforms made of parts of events.
  public var made = StepCounts()
  /// The keys of events that a `dedupe` step saw, in the order of `events`.
  public var dedupeKeys: [DedupeKey] = []

  /// Where to go on when everything in this batch and before it is safe.
  public var position: Position
  /// Where the bytes came from, for messages and event ids.
  public var origin: Origin
  /// How many bytes of `bytes` the source read; the rest was made here.
  public var inputBytes = 0
  /// Set where the batch is one record that was too long to be read, of which `bytes` holds the begin.
  public var longRecord: LongRecordPlace?
  /// Whether the source's transaction that its last events belong to goes on in the next batch.
  public var isInsideTransaction = false
  /// What the events' ``Event/table`` counts through; nil where the source has no tables.
  public var tables: TableList?

  public init(bytesCapacity: Int = 0) {
    bytes = ByteBuffer(capacity: bytesCapacity)
    nodes = RawArray()
    events = RawArray()
    position = .start
    origin = Origin(name: "")
  }

  /// Empties the batch for its next use, and gives back memory beyond what a usual batch needs.
  public func reset() {
    bytes.shrink(to: 4 << 20)
    nodes.shrink(to: 1 << 19)
    events.shrink(to: 1 << 16)
    rows.reset()
    failures.removeAll(keepingCapacity: true)
    if !originals.isEmpty { originals.removeAll() }
    steps = []
    if !made.isEmpty { made = StepCounts() }
    if !dedupeKeys.isEmpty { dedupeKeys.removeAll(keepingCapacity: true) }
    keys = KeyNames()
    inputBytes = 0
    longRecord = nil
    isInsideTransaction = false
    tables = nil
    position = .start
  }

  /// Turns an event into a dead letter and says why.
  ///
  /// The first failure of an event stands; later ones are ignored, so that an event is counted once.
  public func fail(_ event: Int, _ failure: Failure) {
    guard events[event].outcome == .flowing else { return }
    events[event].outcome = .deadLettered
    events[event].step = 0
    failures.append(failure)
  }

  /// Ends events that others make needless, wherever they had ended; what came of them later does not count.
  public func mark(_ needless: NeedlessEvents) {
    for event in needless.duplicates { events[event].outcome = .duplicate }
    for event in needless.stale { events[event].outcome = .stale }
    if !failures.isEmpty { failures.removeAll { events[$0.event].outcome.isNeedless } }
  }
}

/// Events of a batch that are not written because of others before them: their indices, in order.
public struct NeedlessEvents: Sendable, Equatable {
  /// What they say was said before.
  public var duplicates: [Int]
  /// A newer one of their key was there before.
  public var stale: [Int]

  public init(duplicates: [Int] = [], stale: [Int] = []) {
    self.duplicates = duplicates
    self.stale = stale
  }

  public var isEmpty: Bool { duplicates.isEmpty && stale.isEmpty }
}

extension Outcome {
  /// Whether another event made it one that is not written.
  public var isNeedless: Bool { self == .duplicate || self == .stale }
}

/// Where a batch's bytes came from.
public struct Origin: Sendable, Equatable {
  /// A path, a table, a topic: what a person calls it.
  public var name: String
  /// The place of the batch's first byte in the origin, in bytes; nil where there is no such thing.
  public var offset: UInt64?
  /// The line of the batch's first byte, counted from 1; nil where there are no lines.
  public var line: UInt64?
  /// Column names of rows that carry none themselves (CSV, tables).
  public var columns: [String]?

  public init(name: String, offset: UInt64? = nil, line: UInt64? = nil, columns: [String]? = nil) {
    self.name = name
    self.offset = offset
    self.line = line
    self.columns = columns
  }
}

/// A record that was longer than its source reads.
public struct LongRecordPlace: Sendable, Equatable {
  /// Its length, in bytes.
  public var length: UInt64
  /// The most bytes that a record may have.
  public var max: Int

  public init(length: UInt64, max: Int) {
    self.length = length
    self.max = max
  }
}

/// Why one event could not be delivered.
public struct Failure: Sendable, Equatable {
  /// Index of the event in its batch.
  public var event: Int
  /// A stable code, `mapping.required_missing`.
  public var code: String
  /// The stage that refused it: `decode`, `contract`, a transform's name, `mapping`, `target`.
  public var stage: String
  /// The mapped field that failed, where there is one.
  public var field: String?
  public var message: String

  public init(event: Int, code: String, stage: String, field: String? = nil, message: String) {
    self.event = event
    self.code = code
    self.stage = stage
    self.field = field
    self.message = message
  }
}

/// Makes events of a batch's bytes.
///
/// A decoder belongs to one lane; several decode different batches of one source at the same time, in any order. It
/// never throws: what it cannot read becomes an event of its own with a ``Failure``, so that every record is counted.
public protocol Decoder: AnyObject {
  func decode(_ batch: Batch)
}
