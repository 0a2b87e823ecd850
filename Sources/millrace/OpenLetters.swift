import ConnectorKit
import Flows
import Pipelines
import Records

/// The dead letters of a pipeline that nobody has worked through yet.
struct OpenLetters {
  /// In the order in which they first failed; the reason is that of the last try.
  let letters: [StoredLetter]
  /// How many were sent again or discarded.
  let done: Int
  /// How many were kept no longer.
  let expired: Int
  let journal: LetterJournal

  /// - Parameter withLines: whether the letters keep their whole text.
  init(_ plan: Plan, withLines: Bool = false) throws(Failure) {
    journal = LetterJournal(letters: plan.deadLetters.path)
    let known: LetterJournal.Contents
    do throws(FileError) { known = try journal.read() } catch { throw Failure(error) }
    let entries = known.entries
    let all = try StoredLetters.read(plan.deadLetters.path, withLines: withLines)
    letters = all.compactMap { letter in
      guard let entry = entries[letter.id], entry.time == letter.time else { return letter }
      return entry.outcome == .failed ? letter.refusedAgain(entry) : nil
    }
    done = all.count - letters.count + known.totals.replayed + known.totals.discarded
    expired = known.totals.expired
  }

  /// Those of the ids, where any are named, that a filter accepts.
  func chosen(_ ids: [String], _ filter: DeadLetterFilter) -> [StoredLetter] {
    letters.filter { (ids.isEmpty || ids.contains($0.id)) && filter.accepts($0) }
  }
}

extension StoredLetter {
  fileprivate func refusedAgain(_ entry: LetterJournal.Entry) -> StoredLetter {
    guard let reason = entry.reason else { return self }
    var letter = self
    letter.code = reason.code
    letter.stage = reason.stage
    letter.field = reason.field
    letter.message = reason.message
    return letter
  }

  /// Its event, to be sent again: a JSON object with `op`, `record`, `key`, `before`, `meta` and `types`; nil where nothing of it
  /// could be decoded.
  ///
  /// - Parameter record: takes the place of the letter's own.
  func event(record: Value? = nil) -> Value? {
    guard let value = try? Value(json: line) else { return nil }
    let own = value["record"] ?? .null
    let isDelete = value["op"]?.string == "delete" || value["op"]?.string == "truncate"
    if record == nil, own.isNull, !isDelete || (value["key"] ?? .null).isNull && value["op"]?.string == "delete" {
      return nil
    }
    return [
      "op": value["op"] ?? "read", "record": record ?? own, "key": value["key"] ?? .null,
      "before": value["before"] ?? .null, "meta": Self.meta(value),
      "types": value["types"] ?? .null,
    ]
  }

  /// With the event's id, which the event of a file has from its place alone.
  private static func meta(_ letter: Value) -> Value {
    let own = letter["meta"] ?? .null
    guard own["event_id"] == nil, let origin = letter["origin"]?.string, let offset = letter["offset"]?.int else {
      return own
    }
    var members: [Value.Member] = []
    if case .object(let known) = own { members = known }
    return .object(members + [.init("event_id", .string("\(origin):\(offset)"))])
  }
}
