import ConnectorKit
import Records

/// How far a Directus source is: the load's cursor, and from where on changes are looked for, which is from before the
/// load's first row (Invariant 6).
struct DirectusProgress: Equatable, Sendable {
  /// The key of the last item that was loaded; null: none yet, nil: the load is done, or there is none.
  var loadedBehind: Value? = .null
  /// When the load began.
  private(set) var changedAt: Timestamp
  /// The highest time that was seen in each of the fields that tell of changes, by their names. They are read one after the
  /// other, and a time that one of them has may be later than what was there when another was read.
  private var seen: [String: Timestamp] = [:]
  /// In the log of webhooks.
  var log: Position?

  private static let format = 1

  var position: Position {
    Position(
      format: Self.format,
      value: [
        "load": loadedBehind.map { ["behind": $0] } ?? "done", "changed_at": .string(changedAt.description),
        "seen": .object(seen.keys.sorted().map { Value.Member($0, .string(seen[$0, default: changedAt].description)) }),
        "log": log.map { ["format": .int(Int64($0.format)), "value": $0.value] } ?? .null,
      ])
  }

  /// From where on a field has not been looked at.
  func seen(_ field: String) -> Timestamp { seen[field] ?? changedAt }

  mutating func see(_ time: Timestamp, in field: String) { seen[field] = max(seen(field), time) }

  init(changedAt: Timestamp) { self.changedAt = changedAt }

  init(_ position: Position) throws(ConnectorError) {
    guard position.format == Self.format, let load = position.value["load"],
      let time = position.value["changed_at"]?.string.flatMap({ Timestamp($0) })
    else {
      throw ConnectorError(
        "checkpoint.position_unreadable",
        "The checkpoint's position is none of a Directus collection: \(position.value.json).", remedy: .stop,
        hint: "Start over with `millrace checkpoint reset`, or use the version that wrote it.")
    }
    loadedBehind = load["behind"]
    changedAt = time
    if case .object(let members) = position.value["seen"] {
      for member in members { seen[member.name] = member.value.string.flatMap { Timestamp($0) } }
    }
    if let log = position.value["log"], let format = log["format"]?.int, let value = log["value"] {
      self.log = Position(format: Int(format), value: value)
    }
  }

  /// For people.
  var text: String {
    let changes = "changes up to \(seen.values.max() ?? changedAt)"
    guard let loadedBehind else { return "all items loaded, \(changes)" }
    return loadedBehind.isNull
      ? "no item loaded yet" : "items loaded up to key \(loadedBehind.string ?? loadedBehind.json)"
  }
}
