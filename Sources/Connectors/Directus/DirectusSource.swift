import ConnectorKit
import Records

/// What of a collection is read, and how.
struct DirectusReading: Sendable {
  var collection: String
  var fields: [String]
  var filter: Value?
  var key: String
  /// The fields that say when an item was changed or made.
  var changed: [String]
  var pageRows: Int
  var loads: Bool
  var follows: Bool
  var pollEvery: Duration
  var overlap: Duration
  /// Whether Directus' own record of what was deleted is looked into.
  var findsDeletes: Bool
  /// How long events are gathered before their items are read.
  var gather: Duration
}

/// Loads a collection by its key, and then follows it: items that webhooks name are read again, and a poll finds those
/// that no webhook told of. An item that is named and not there any more is a delete.
///
/// `@unchecked Sendable`: all calls come from the source's own lane, one at a time.
final class DirectusSource: Source, @unchecked Sendable {
  /// How many keys one request asks for; an address has a length that servers take.
  static let keysPerRequest = 100
  /// The most versions that are remembered, so that an item is not sent on again that did not change, in items.
  static let versionsMax = 50_000

  let reading: DirectusReading
  let server: DirectusServer
  /// Where webhooks come in; nil where there are none.
  let hooks: (any Source)?
  let context: Context

  var api: DirectusAPI?
  let page = JSONPage()
  let hookBatch = Batch()
  var hookDecoder: (any Decoder)?
  var progress = DirectusProgress(changedAt: Timestamp(seconds: 0))
  var polledAt: Int64?
  var poll: Poll?
  var hasPolled = false
  var hooksEnded = false
  var areHooksOpen = false
  /// Whether the next `close` leaves the webhooks' server as it is: Directus is away, and those who post are not.
  var keepsHooks = false
  /// What webhooks told and nobody has been given yet.
  var heard = Heard()
  /// Whether keys are numbers; nil before the first item was seen.
  var hasNumbers: Bool?
  /// The version of each item that was given.
  private(set) var versions: [String: String] = [:]

  struct Heard {
    /// The most messages that nobody understands that are gathered, in messages.
    static let failuresMax = 1_000

    var changes = DirectusChanges()
    /// Messages that nobody understands.
    var failures: [(failure: Failure, id: String, message: String)] = []
    /// Behind the last of them.
    var log: Position?

    var isFull: Bool { changes.isFull || failures.count >= Self.failuresMax }
  }

  /// A poll under way.
  struct Poll {
    /// Which of the fields is asked for; behind the last of them, the record of deletes.
    var phase = 0
    /// The last item of the page before.
    var behind: (time: Value, key: Value)?
    /// The highest time of the phase.
    var highest: Timestamp?
    /// The server's clock at the begin of the phase: a time of the future moves no further than that, by which the next
    /// change is stamped.
    var clock: Timestamp?
  }

  init(_ reading: DirectusReading, _ server: DirectusServer, hooks: (any Source)?, _ context: Context) {
    self.reading = reading
    self.server = server
    self.hooks = hooks
    self.context = context
  }

  func open(at position: Position?) async throws(ConnectorError) {
    let api = try DirectusAPI(server, wallTime: context.wallTime)
    self.api = api
    poll = nil
    polledAt = nil
    hasPolled = false
    versions.removeAll()
    let before = progress.log
    if let position, position != .start {
      progress = try DirectusProgress(position)
    } else {
      progress = try begin(api)
    }
    try await openHooks(wasAt: before)
  }

  /// Asked before the first row is read, of the clock that changes are stamped with (Invariant 6).
  func begin(_ api: DirectusAPI) throws(ConnectorError) -> DirectusProgress {
    let answer = try api.send("GET", probe.path)
    guard answer.isAnswered, answer.status == 200 else {
      throw api.error(answer).connectorError("read \(reading.collection)")
    }
    let now = answer.date ?? context.wallTime()
    var progress = DirectusProgress(changedAt: Timestamp(milliseconds: now))
    if !reading.loads { progress.loadedBehind = nil }
    return progress
  }

  var probe: DirectusQuery { query([], sort: [], limit: 1) }

  func query(_ filters: [Value], sort: [String], limit: Int? = nil) -> DirectusQuery {
    DirectusQuery(
      collection: reading.collection, fields: reading.fields, filters: (reading.filter.map { [$0] } ?? []) + filters,
      sort: sort, limit: limit ?? reading.pageRows)
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    guard let api else { throw ConnectorError("http.not_open", "The source is not open.", remedy: .stop) }
    if progress.loadedBehind != nil {
      if try load(batch, api) { return .batch }
      if !reading.follows { return .end }
    } else if !reading.follows {
      return .end
    }
    if poll == nil, try await readHooks(batch, api) { return .batch }
    if try readPoll(batch, api) { return .batch }
    if context.endsOnceRead, hasPolled, poll == nil, hooks == nil || hooksEnded { return .end }
    if hooks == nil { _ = await context.sleep(min(reading.pollEvery, .milliseconds(250))) }
    return .idle
  }

  func makeDecoder() -> any Decoder { EventFramesDecoder() }

  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {
    guard let hooks else { return }
    var logs: [Position] = []
    for position in positions where position != .start {
      if let log = try DirectusProgress(position).log { logs.append(log) }
    }
    if !logs.isEmpty { try await hooks.acknowledge(logs) }
  }

  func extent() -> Extent? { nil }

  func close() async {
    api = nil
    if !keepsHooks { await closeHooks() }
    keepsHooks = false
  }

  func items(_ query: DirectusQuery, _ api: DirectusAPI) throws(ConnectorError) -> [Int] {
    do throws(ConnectorError) {
      return try api.items(query, into: page)
    } catch {
      keepsHooks = areHooksOpen && error.remedy != .stop
      throw error
    }
  }

  /// Remembers what was given. Who forgets gives an item again that did not change, and nothing worse.
  func remember(_ version: String, of name: String) {
    if versions.count >= Self.versionsMax, versions[name] == nil { versions.removeAll(keepingCapacity: true) }
    versions[name] = version
  }

  // MARK: - Load

  /// The next page of the load; false where it is done.
  func load(_ batch: Batch, _ api: DirectusAPI) throws(ConnectorError) -> Bool {
    guard let behind = progress.loadedBehind else { return false }
    let filters = behind.isNull ? [] : [DirectusQuery.condition(reading.key, "_gt", behind)]
    let items = try self.items(query(filters, sort: [reading.key]), api)
    begin(batch)
    for item in items {
      let key = try key(of: item)
      add(item, key, .read, at: "load", to: batch)
      progress.loadedBehind = key
    }
    // A server gives fewer than it was asked for where it is told to, so only an empty page is the end.
    if items.isEmpty { progress.loadedBehind = nil }
    finish(batch)
    return true
  }
}
