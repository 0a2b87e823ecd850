import ConnectorKit
import Records

/// How far polling an API is. A value that decides what was given already.
///
/// Records are told apart by their key, time and content. The rule: a poll asks again from the highest time that was seen,
/// less the overlap, so records of the very same time that show up later are found; those that were given already with that
/// key, time and content are left out. A time may be coarse: a record that changes twice within it is given twice. A record
/// without a time is given whenever it comes changed, and moves nothing; one of the future moves no further than the server's
/// clock, by which the next change is stamped.
struct HTTPProgress: Equatable, Sendable {
  /// The most records that are remembered, the latest ones; those beyond come again.
  static let seenMax = 10_000

  var place = Paging.Place.first
  /// The time that this pass asked from, as the API writes times; nil: from the beginning.
  var since: String?
  /// The highest time that was seen.
  var highest: String?
  /// The records since the overlap's begin, by their keys.
  private(set) var seen: [String: Seen] = [:]
  /// What the first page of the last whole pass was called, and its address.
  var etag: String?
  var etagAddress: String?
  /// How many passes are done.
  var passes: Int64 = 0

  private static let format = 1

  /// A record as it was given last.
  struct Seen: Equatable, Sendable {
    var time: String
    /// The hash of what it held; empty in a checkpoint that knows times alone.
    var state: String
  }

  init() {}

  // MARK: - Times

  /// Times that are written alike are compared as what they are: RFC 3339, or numbers; anything else as text.
  static func isLater(_ a: String, than b: String) -> Bool {
    if let a = Timestamp(a), let b = Timestamp(b) { return a > b }
    if let a = Int64(a), let b = Int64(b) { return a > b }
    return b.utf8.lexicographicallyPrecedes(a.utf8)
  }

  /// `time` less the overlap, where it is a time; a number counts seconds, or milliseconds where it is so large.
  static func back(_ time: String, by overlap: Duration) -> String {
    if overlap == .zero { return time }
    if let moment = Timestamp(time) { return (moment - overlap).description }
    guard let number = Int64(time) else { return time }
    return String(number - (number > 100_000_000_000 ? overlap.milliseconds : overlap.milliseconds / 1_000))
  }

  /// Whether a record was not given yet as it is; it is remembered then.
  mutating func takes(_ key: String, time: String?, state: String) -> Bool {
    guard let time else { return true }
    let record = Seen(time: time, state: state)
    if seen[key] == record { return false }
    seen[key] = record
    if highest.map({ Self.isLater(time, than: $0) }) ?? true { highest = time }
    // Within a pass as well: the first one sees every record that there is. Twice as many, so that this is rare.
    if seen.count > 2 * Self.seenMax { keepLatest() }
    return true
  }

  private mutating func keepLatest() {
    let latest = seen.sorted { Self.isLater($0.value.time, than: $1.value.time) }.prefix(Self.seenMax)
    seen = Dictionary(uniqueKeysWithValues: latest.map { ($0.key, $0.value) })
  }

  /// `time`, or the server's clock where that is earlier.
  private static func noLater(_ time: String, than clock: Int64?) -> String {
    guard let clock, let moment = Timestamp(time) else { return time }
    let now = Timestamp(milliseconds: clock)
    return moment > now ? now.description : time
  }

  /// A pass is over: the next begins where it must.
  ///
  /// - Parameter clock: what the server's clock said when the pass began, in milliseconds since 1970, where that is known.
  mutating func endPass(overlap: Duration, clock: Int64? = nil) {
    place = .first
    passes += 1
    since = highest.map { Self.back(Self.noLater($0, than: clock), by: overlap) }
    guard let since else { return }
    seen = seen.filter { !Self.isLater(since, than: $0.value.time) }
    if seen.count > Self.seenMax { keepLatest() }
  }

  // MARK: - Checkpoint

  var position: Position {
    let text = { (text: String?) -> Value in text.map { .string($0) } ?? .null }
    return Position(
      format: Self.format,
      value: [
        "place": place.value, "since": text(since), "highest": text(highest), "passes": .int(passes),
        "etag": text(etag), "etag_address": text(etagAddress),
        "seen": .object(
          seen.sorted { $0.key < $1.key }.map { .init($0.key, [.string($0.value.time), .string($0.value.state)]) }),
      ])
  }

  init(_ position: Position) throws(ConnectorError) {
    let value = position.value
    guard position.format == Self.format, let place = value["place"].flatMap({ Paging.Place($0) }),
      let passes = value["passes"]?.int, case .object(let seen)? = value["seen"]
    else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is none of an HTTP API: \(value.json).",
        remedy: .stop, hint: "Start over with `millrace checkpoint reset`, or use the version that wrote it.")
    }
    self.place = place
    self.passes = passes
    (since, highest) = (value["since"]?.string, value["highest"]?.string)
    (etag, etagAddress) = (value["etag"]?.string, value["etag_address"]?.string)
    for member in seen {
      let parts = (member.value.array ?? [member.value]).map { $0.string ?? "" }
      self.seen[member.name] = Seen(time: parts.first ?? "", state: parts.dropFirst().first ?? "")
    }
  }

  /// For people.
  var text: String {
    let records = highest.map { "records up to \($0)" } ?? "\(passes) polls"
    return place == .first ? records : "\(records), inside of a poll"
  }
}
