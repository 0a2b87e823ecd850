import ConnectorKit
import Records

/// What webhooks tell: which items are read again.
extension DirectusSource {
  func openHooks(wasAt before: Position?) async throws(ConnectorError) {
    guard let hooks else { return }
    if areHooksOpen, before == progress.log { return }
    if areHooksOpen { await closeHooks() }
    try await hooks.open(at: progress.log)
    hookDecoder = hooks.makeDecoder()
    areHooksOpen = true
  }

  func closeHooks() async {
    await hooks?.close()
    areHooksOpen = false
    hooksEnded = false
    heard = Heard()
  }

  /// Reads the items again that webhooks named; false where none did.
  func readHooks(_ batch: Batch, _ api: DirectusAPI) async throws(ConnectorError) -> Bool {
    try await listen()
    guard let log = heard.log else { return false }
    begin(batch)
    for (failure, id, message) in heard.failures {
      EventFrames.append(failure, id: id, message: message, readAt: context.wallTime(), to: batch)
    }
    try read(heard.changes, into: batch, api)
    heard = Heard()
    progress.log = log
    finish(batch)
    return true
  }

  /// Gathers what webhooks tell, and a little longer once they tell something: those of one burst come together.
  func listen() async throws(ConnectorError) {
    guard let hooks, let hookDecoder, !hooksEnded else { return }
    var hasWaited = false
    while !heard.isFull {
      hookBatch.reset()
      switch try await hooks.next(into: hookBatch) {
      case .batch:
        hookDecoder.decode(hookBatch)
        hear(hookBatch)
      case .end, .reopen:
        hooksEnded = true
        return
      case .idle:
        guard heard.log != nil, !hasWaited, await context.sleep(reading.gather) else { return }
        hasWaited = true
      }
    }
  }

  func hear(_ batch: Batch) {
    heard.log = batch.position
    heard.changes.add(batch, collection: reading.collection)
    for failure in batch.failures {
      let event = batch.events[failure.event]
      heard.failures.append((failure, batch.eventID(event), batch.rawText(of: event)))
    }
  }

  /// Reads the items that are named. One that does not come counts as gone only once nothing more comes: a server may
  /// give fewer than it is asked for.
  func read(_ changes: DirectusChanges, into batch: Batch, _ api: DirectusAPI) throws(ConnectorError) {
    var rest = changes.changes[...]
    while !rest.isEmpty {
      var missing = Array(rest.prefix(Self.keysPerRequest))
      rest = rest.dropFirst(Self.keysPerRequest)
      while !missing.isEmpty {
        let filter = DirectusQuery.condition(reading.key, "_in", .array(missing.map(\.key)))
        let items = try self.items(query([filter], sort: [], limit: Self.keysPerRequest), api)
        if items.isEmpty { break }
        let places = Dictionary(missing.enumerated().map { (Self.name($1.key), $0) }) { $1 }
        var found: Set<Int> = []
        for item in items {
          let key = try key(of: item)
          guard let place = places[Self.name(key)], found.insert(place).inserted else { continue }
          if isNew(item, key) { add(item, key, .update, at: missing[place].id, to: batch) }
        }
        // Something else came than what was asked for.
        if found.isEmpty { throw strange }
        missing = missing.indices.filter { !found.contains($0) }.map { missing[$0] }
      }
      if !missing.isEmpty { try learnKeys(api) }
      for change in missing { addDelete(change, to: batch) }
    }
  }

  private var strange: ConnectorError {
    ConnectorError(
      "http.bad_answer", "Directus answered with other items of \(reading.collection) than it was asked for.",
      remedy: .stop, hint: "Check that `key` is the collection's primary key.")
  }
}
