import Records

/// Which items webhooks say have changed: many edits of one item are one change, read once.
///
/// A value; keys are kept in the order in which they were first named.
struct DirectusChanges {
  struct Change: Equatable {
    /// As JSON: a number or a text.
    var key: Value
    /// The id of the last event that named it.
    var id: String
    /// Whether the last event said that it is gone.
    var isDelete: Bool
  }

  /// The most keys that are gathered before they are read, in keys.
  static let keysMax = 1_000

  private(set) var changes: [Change] = []
  private var places: [String: Int] = [:]

  var isFull: Bool { changes.count >= Self.keysMax }

  mutating func add(_ key: Value, id: String, isDelete: Bool) {
    // Directus writes one key now as a number, now as a text.
    let name = key.string ?? key.json
    let change = Change(key: key, id: id, isDelete: isDelete)
    if let place = places[name] {
      changes[place] = change
    } else {
      places[name] = changes.count
      changes.append(change)
    }
  }

  /// Takes what a batch of events says about one collection.
  mutating func add(_ batch: Batch, collection: String) {
    for event in UnsafeBufferPointer(start: batch.events.base, count: batch.events.count)
    where event.outcome == .flowing && event.key != Event.none {
      guard case .object(let members) = batch.value(at: Int(event.key)), let key = members.first?.value else {
        continue
      }
      if event.meta != Event.none, let table = batch.value(at: Int(event.meta))["table"]?.string, table != collection {
        continue
      }
      add(key, id: batch.eventID(event), isDelete: event.operation == .delete)
    }
  }
}
