import ConnectorKit
import Expressions
import Records

/// One step of `transforms`: a mapping with one key, the step's kind, and perhaps its name.
package struct TransformSpec: SettingOneOf {
  package init() {}
  package static let beside = ["name"]

  @Setting("What errors and counts call the step.", example: "only physical goods") package var name: String?
  @Setting("Passes on the events for which the condition holds.", example: "record.kind == \"physical\"")
  package var filter: ConditionSpec?
  @Setting("Sends events to the dead letters for which the condition does not hold.", example: "record.price >= 0")
  package var assert: AssertSpec?
  @Setting(
    "Ends the events for which a condition holds: as dead letters, or as filtered. Of several the first that holds "
      + "decides.", example: "[{when: record.test == true, to: drop}]")
  package var route: RoutesSpec?
  @Setting("Passes on a share of the events, always the same ones.", example: "10%") package var sample: SampleSpec?
  @Setting(
    "Lets events of one key through once; the others count as duplicates.", example: "{by: meta.event_id, window: 10m}")
  package var dedupe: DedupeSpec?
  @Setting("Gives members of the record a value.", example: "{record.slug: record.name.lowerAscii()}")
  package var set: SettingMap<SetValueSpec>?
  @Setting("Removes members of the record.", example: "[record.internal_note]") package var unset: [MemberSpec]?
  @Setting("Gives members of the record another name.", example: "{record.titel: title}")
  package var rename: SettingMap<String>?
  @Setting("Makes an event of each element of a list, which stands in the list's place.", example: "record.variants")
  package var explode: MemberSpec?
  @Setting("Puts the members of an object in its place, with its name before theirs.", example: "record.address")
  package var flatten: FlattenSpec?
  @Setting("Replaces personal data; dead letters still hold the record as it was read.", example: "[record.email]")
  package var redact: RedactSpec?
  @Setting("Replaces personal data by a hash.", example: "[record.email]") package var hash: HashSpec?

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> TransformSpec? {
    let names = SettingList(of: TransformSpec()).names
    let unknown = node.map?.filter { !names.contains($0.key) } ?? []
    for entry in unknown {
      loader.add(
        .error, "config.unknown_transform", entry.keyPlace, node.path(of: entry.key),
        "unknown transform `\(entry.key)`",
        Suggestion.hint(for: entry.key, among: names.filter { !beside.contains($0) }))
    }
    if !unknown.isEmpty { return nil }
    guard node.map != nil else {
      let hint = "write - filter: record.kind == \"physical\"; transforms: \(names.joined(separator: ", "))"
      return loader.mismatch(node, expected: "a transform", hint: hint)
    }
    guard let spec = readOne(node, &loader) else { return nil }
    let before = loader.failures
    for entry in node["set"]?.map ?? [] { _ = MemberSpec.path(entry.keyNode, &loader) }
    for entry in node["rename"]?.map ?? [] { _ = MemberSpec.path(entry.keyNode, &loader) }
    return loader.failures == before ? spec : nil
  }
}

/// A member of the record that a transform changes.
package struct MemberSpec: SettingValue, Equatable {
  package var path: Path

  package static var shape: SettingShape { .text("a member of the record such as record.name") }
  package var written: Value { .string(path.description) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> MemberSpec? {
    path(node, &loader).map { MemberSpec(path: $0) }
  }

  static func path(_ node: ConfigNode, _ loader: inout SettingLoader, root: Bool = false) -> Path? {
    guard let path = PathSpec.read(node, &loader)?.path else { return nil }
    guard path.root == .record, root || !path.steps.isEmpty, path.memberNames != nil else {
      loader.error(
        "config.not_a_member", node, "`\(path)` is no member of the record that can be changed",
        hint: "name one by its names: record.address.city")
      return nil
    }
    return path
  }
}

package struct AssertSpec: SettingGroup {
  package init() {}
  package static let short: String? = "that"

  @Setting("What must hold.", example: "record.price >= 0") package var that: ConditionSpec
  @Setting("What the dead letter says.", example: "a price is never negative") package var message: String?
}

package struct RouteSpec: SettingGroup {
  package init() {}
  package enum Destination: String, SettingChoice {
    case deadLetter = "dead_letter"
    case drop
  }

  @Setting("Which events end here.", example: "record.test == true") package var when: ConditionSpec
  @Setting("Where they end; what is dropped counts as filtered.", example: "drop") package var to: Destination
  @Setting("What the dead letter says.") package var reason: String?
}

/// One way, or several in a list.
package struct RoutesSpec: SettingValue {
  package var ways: [RouteSpec]
  /// Whether it was written as a list.
  package var isList: Bool

  package static var shape: SettingShape { .either([RouteSpec.shape, .list(RouteSpec.shape)]) }
  package var written: Value { isList ? .array(ways.map(\.written)) : ways[0].written }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> RoutesSpec? {
    guard node.list != nil else { return RouteSpec.read(node, &loader).map { RoutesSpec(ways: [$0], isList: false) } }
    guard let ways = [RouteSpec].read(node, &loader) else { return nil }
    if ways.isEmpty {
      loader.error("config.empty", node, "names no way", hint: "write {when: record.test == true, to: drop}")
      return nil
    }
    return RoutesSpec(ways: ways, isList: true)
  }
}

package struct SampleSpec: SettingGroup {
  package init() {}
  package static let short: String? = "share"

  @Setting("How much goes on.", example: "10%") package var share: Share
  @Setting("What decides; events of one value go on together.", example: "record.customer_id")
  package var by: ExpressionSpec?
}

package struct DedupeSpec: SettingGroup {
  package init() {}
  package static let short: String? = "by"

  @Setting(
    "What events are compared by: an expression or several. An event of which one is null is let through.",
    example: "meta.event_id")
  package var by: KeySpec
  @Setting(
    "How far two events may be apart to count as the same, by their own times; without it only `records` decides.",
    example: "10m", range: 1...Int.max)
  package var window: Duration?
  @Setting(
    "How many keys, or versions of keys, are remembered at most, at about 40 bytes each; the oldest is forgotten first.",
    range: 1...50_000_000)
  package var records: Int = 1_000_000
  @Setting(
    "What an event's time is; without it `meta.time`, or else `meta.ingested_at`.",
    example: "timestamp(record.created_at)")
  package var time: ExpressionSpec?
  @Setting(
    "What tells newer events of a key from older ones, a whole number or a time: those that come too late count as stale, "
      + "a late update of what was deleted too, and all others go on. An event without a version does as well.",
    example: "record.updated_at")
  package var version: ExpressionSpec?

  package func problems() -> [Problem] {
    if $version.isGiven, let other = $window.isGiven ? "window" : $time.isGiven ? "time" : nil {
      return [
        Problem(
          other, code: "config.conflict", "versions are compared without a time",
          hint: "remove `\(other)`, or write a step for each: dedupe: {by: …, window: …}")
      ]
    }
    guard $time.isGiven, !$window.isGiven else { return [] }
    return [
      Problem(
        "time", code: "config.conflict", "`time` is for the `window`, and there is none",
        hint: "add window: 10m, or remove `time`")
    ]
  }
}

/// One expression, or several that together tell events apart.
package struct KeySpec: SettingValue, Equatable {
  package var parts: [ExpressionSpec]

  package static var shape: SettingShape { .either([ExpressionSpec.shape, .list(ExpressionSpec.shape)]) }
  package var written: Value {
    parts.count == 1 ? parts[0].written : .array(parts.map(\.written))
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> KeySpec? {
    guard node.list != nil else { return ExpressionSpec.read(node, &loader).map { KeySpec(parts: [$0]) } }
    guard let parts = [ExpressionSpec].read(node, &loader) else { return nil }
    if parts.isEmpty {
      loader.error("config.empty", node, "names nothing to compare events by", hint: "write by: meta.event_id")
      return nil
    }
    return KeySpec(parts: parts)
  }
}

/// `10%`
package struct Share: SettingValue, Equatable {
  package var percent: Double

  package static var shape: SettingShape { .text("a share such as 10%", pattern: "^(100|[0-9]{1,2}(\\.[0-9]+)?)%$") }
  package var written: Value { .string(percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%") }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Share? {
    guard let text = node.scalar?.text, text.hasSuffix("%"), let percent = Double(text.dropLast()),
      (0...100).contains(percent)
    else { return loader.mismatch(node, expected: shape.noun, hint: "write a number from 0 to 100 and %: 10%") }
    return Share(percent: percent)
  }
}

package struct FlattenSpec: SettingGroup {
  package init() {}
  package static let short: String? = "field"

  @Setting("The object; `record` for all objects of the record.", example: "record.address") package var field: PathSpec
  @Setting("What stands between the names.") package var separator: String = "_"
}

package struct RedactSpec: SettingGroup {
  package init() {}
  package static let short: String? = "fields"

  @Setting("The members whose values are replaced.", example: "[record.email]") package var fields: [MemberSpec]
  @Setting("What takes their place; null stays null.") package var with: String = "[redacted]"
}

package struct HashSpec: SettingGroup {
  package init() {}
  package static let short: String? = "fields"

  @Setting("The members whose values are replaced by 64 hexadecimal digits.", example: "[record.email]")
  package var fields: [MemberSpec]
  @Setting("Keys the hash (HMAC-SHA-256): without it anybody can guess short values from it.", example: "${HASH_KEY}")
  package var key: Secret?
}
