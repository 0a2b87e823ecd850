import ConnectorKit
import Records

/// What changed without a webhook.
extension DirectusSource {
  /// The next page of items that changed since the last poll; false where there is none, or it is not due.
  func readPoll(_ batch: Batch, _ api: DirectusAPI) throws(ConnectorError) -> Bool {
    let now = context.wallTime()
    guard let began = poll ?? newPoll(at: now) else { return false }
    var poll = began
    polledAt = now
    begin(batch)
    let isLast =
      poll.phase < reading.changed.count
      ? try readChanged(&poll, batch, api) : try readActivity(&poll, batch, api)
    if isLast {
      if let highest = poll.highest { progress.see(min(highest, poll.clock ?? highest), in: field(of: poll)) }
      poll = Poll(phase: poll.phase + 1)
    }
    self.poll = poll
    if poll.phase == phases { endPoll() }
    finish(batch)
    return true
  }

  /// One for each field that tells of changes, and one for deletes.
  private var phases: Int { reading.changed.count + (reading.findsDeletes ? 1 : 0) }

  /// The field whose times the poll looks at.
  private func field(of poll: Poll) -> String {
    poll.phase < reading.changed.count ? reading.changed[poll.phase] : Self.deletes
  }

  /// What progress calls the record of deletes by, which is no field of a collection.
  private static let deletes = "directus_activity.timestamp"

  /// nil where none is due.
  private func newPoll(at now: Int64) -> Poll? {
    if phases == 0 { hasPolled = true }
    if phases == 0 || context.endsOnceRead && hasPolled { return nil }
    if let polledAt, now - polledAt < reading.pollEvery.milliseconds { return nil }
    return Poll()
  }

  private func endPoll() {
    poll = nil
    hasPolled = true
  }

  /// A page of what one of the fields says.
  ///
  /// With a filter the keys are asked for without it, since an item that no longer meets it must be noticed, and the items
  /// are read with it.
  ///
  /// - Returns: whether there are no more.
  private func readChanged(_ poll: inout Poll, _ batch: Batch, _ api: DirectusAPI) throws(ConnectorError) -> Bool {
    let field = field(of: poll)
    var query = query([since(poll, field, reading.key)], sort: [field, reading.key])
    if reading.filter != nil {
      (query.filters, query.fields) = (Array(query.filters.dropFirst()), [reading.key, field])
    }
    let items = try self.items(query, api)
    if poll.behind == nil { poll.clock = api.date }
    var changes = DirectusChanges()
    for item in items {
      let key = try key(of: item)
      take(page.member(field, of: item), key, into: &poll)
      if reading.filter != nil {
        changes.add(key, id: "poll", isDelete: false)
      } else if isNew(item, key) {
        add(item, key, .update, at: "poll", to: batch)
      }
    }
    try read(changes, into: batch, api)
    return items.isEmpty
  }

  /// A page of the deletes that Directus keeps a record of.
  private func readActivity(_ poll: inout Poll, _ batch: Batch, _ api: DirectusAPI) throws(ConnectorError) -> Bool {
    let query = DirectusQuery(
      collection: "directus_activity", fields: ["id", "item", "timestamp"],
      filters: [
        DirectusQuery.condition("collection", "_eq", .string(reading.collection)),
        DirectusQuery.condition("action", "_eq", "delete"), since(poll, "timestamp", "id"),
      ], sort: ["timestamp", "id"], limit: reading.pageRows)
    let items = try self.items(query, api)
    if poll.behind == nil { poll.clock = api.date }
    var changes = DirectusChanges()
    for item in items {
      guard let id = page.member("id", of: item), let key = page.text(page.member("item", of: item)) else { continue }
      take(page.member("timestamp", of: item), page.batch.value(at: id), into: &poll)
      changes.add(.string(key), id: "activity-\(page.text(id) ?? "")", isDelete: true)
    }
    try read(changes, into: batch, api)
    return items.isEmpty
  }

  private func since(_ poll: Poll, _ field: String, _ key: String) -> Value {
    poll.behind.map { DirectusQuery.behind(field, $0.time, key, $0.key) }
      ?? DirectusQuery.condition(
        field, "_gte", .string((progress.seen(self.field(of: poll)) - reading.overlap).description))
  }

  private func take(_ time: Int?, _ key: Value, into poll: inout Poll) {
    if let text = page.text(time), let moment = Self.timestamp(text) {
      poll.highest = max(poll.highest ?? moment, moment)
    }
    poll.behind = (time.map { page.batch.value(at: $0) } ?? .null, key)
  }

  /// Directus' `dateTime` has no zone; it is compared as if it were UTC, as it is written.
  private static func timestamp(_ text: String) -> Timestamp? { Timestamp(text) ?? Timestamp(text + "Z") }
}

extension Timestamp {
  static func - (time: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(milliseconds: time.seconds * 1_000 + Int64(time.nanoseconds / 1_000_000) - duration.milliseconds)
  }
}
