import Expressions
import Pipelines
import Records

/// How long a `dedupe` step remembers.
package struct DedupeWindow: Sendable, Equatable {
  /// How far two events may be apart by their own times; nil: only the count decides.
  package var time: Duration?
  /// How many keys are remembered at most.
  package var records: Int
  /// Whether it remembers the newest version of each key, and only older ones are held back.
  package var comparesVersions: Bool

  package init(time: Duration?, records: Int, comparesVersions: Bool = false) {
    self.time = time
    self.records = records
    self.comparesVersions = comparesVersions
  }
}

extension DedupeWindow {
  /// Those of a plan's steps, in the order of their numbers.
  package static func all(of plan: Plan) -> [DedupeWindow] {
    plan.dedupes.map { DedupeWindow(time: $0.window, records: $0.records, comparesVersions: $0.version != nil) }
  }
}

/// Decides which events are duplicates or come too late, in the order of reading; does nothing else.
///
/// What it remembers gets numbers, so that the store of it can be cut back to a place in the stream, as the source is.
package struct KeyMemory: Sendable {
  private var rings: [KeyRing]
  /// Not taken for the store yet.
  private var untaken = Fifo<RememberedKey>()
  /// The number of the first of them.
  private var first: UInt64

  package init(_ windows: [DedupeWindow], from stored: StoredKeys = StoredKeys()) {
    rings = windows.map { KeyRing($0) }
    first = stored.first
    for key in stored.keys {
      if Int(key.step) < rings.count, first >= stored.mark.head(of: key.step) {
        rings[Int(key.step)].append(key, number: first)
      }
      first += 1
    }
    for key in stored.replayed where Int(key.step) < rings.count {
      // A run that was interrupted may have given it a number, and have let newer ones through since.
      if !rings[Int(key.step)].holds(key.digest, at: key.stamp) { append(key) }
    }
  }

  /// Where the stream stands now.
  package var mark: KeyMark {
    let end = end
    return KeyMark(end: end, heads: rings.map { $0.oldest ?? end })
  }

  private var end: UInt64 { first + UInt64(untaken.count) }

  /// How many keys were forgotten because there were too many, before their window was over.
  package var lost: UInt64 { rings.reduce(0) { $0 + $1.lost } }

  /// Decides about the events of the next batch, and remembers those that go on. An event that failed is not remembered:
  /// when it comes again, it is let through.
  package mutating func settle(_ batch: Batch) -> NeedlessEvents {
    var needless = NeedlessEvents()
    var index = 0
    while index < batch.dedupeKeys.count {
      let start = index
      let event = batch.dedupeKeys[start].event
      while index < batch.dedupeKeys.count, batch.dedupeKeys[index].event == event { index += 1 }
      let held = batch.dedupeKeys[start..<index].filter { rings[Int($0.step)].holds($0.digest, at: $0.stamp) }
      if held.contains(where: { !rings[Int($0.step)].comparesVersions }) {
        needless.duplicates.append(Int(event))
      } else if !held.isEmpty {
        needless.stale.append(Int(event))
      } else if batch.events[Int(event)].outcome != .deadLettered {
        for place in start..<index { remember(&batch.dedupeKeys[place]) }
      }
    }
    return needless
  }

  private mutating func remember(_ key: inout DedupeKey) {
    key.number = end
    append(RememberedKey(key))
  }

  private mutating func append(_ key: RememberedKey) {
    rings[Int(key.step)].append(key, number: end)
    untaken.append(key)
  }

  /// An event of the batch failed after all. Its version still counts: older ones are no better for that, and when it comes
  /// again it is let through.
  mutating func forget(_ event: Int, of batch: Batch) {
    for key in batch.dedupeKeys where key.event == UInt32(event) && key.number >= first && key.number < end {
      if rings[Int(key.step)].comparesVersions { continue }
      untaken[Int(key.number - first)] = .forgotten(step: key.step)
      rings[Int(key.step)].forget(key.digest)
    }
  }

  /// Takes the keys before that number which were not taken yet, for the store.
  mutating func take(before number: UInt64) -> NumberedKeys {
    var taken = NumberedKeys(first: first)
    while first < number, let key = untaken.popFirst() {
      taken.keys.append(key)
      first += 1
    }
    return taken
  }
}

/// Remembered keys, numbered on from the first.
package struct NumberedKeys: Sendable, Equatable {
  package var first: UInt64
  package var keys: [RememberedKey] = []

  package init(first: UInt64, keys: [RememberedKey] = []) {
    self.first = first
    self.keys = keys
  }
}
