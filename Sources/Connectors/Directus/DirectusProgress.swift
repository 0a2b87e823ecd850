import ConnectorKit
import Records

/// How far a Directus source is: the load's cursor, and from where on changes are looked for, which is from before the
/// load's first row (Invariant 6).
struct DirectusProgress: Equatable, Sendable {
  /// The key of the last item that was loaded; null: none yet, nil: the load is done, or there is none.
  var loadedBehind: Value? = .null
  /// The highest time that was seen in each of the fields that tell of changes, or when the load began.
  var changedAt: Timestamp
  /// In the log of webhooks.
  var log: Position?

  private static let format = 1

  var position: Position {
    Position(
      format: Self.format,
      value: [
        "load": loadedBehind.map { ["behind": $0] } ?? "done", "changed_at": .string(changedAt.description),
        "log": log.map { ["format": .int(Int64($0.format)), "value": $0.value] } ?? .null,
      ])
  }

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
    if let log = position.value["log"], let format = log["format"]?.int, let value = log["value"] {
      self.log = Position(format: Int(format), value: value)
    }
  }

  /// For people.
  var text: String {
    let changes = "changes up to \(changedAt)"
    guard let loadedBehind else { return "all items loaded, \(changes)" }
    return loadedBehind.isNull
      ? "no item loaded yet" : "items loaded up to key \(loadedBehind.string ?? loadedBehind.json)"
  }
}
