import ConnectorKit
import Records

extension SourcePart {
  /// What tells its files from those of other parts: `shard-2-of-8`, or `part-` and a checksum of what is asked for.
  fileprivate var name: String {
    var onlyShard = SourcePart()
    onlyShard.shard = shard
    if let shard, self == onlyShard { return "shard-\(shard.number)-of-\(shard.count)" }
    return "part-" + SHA256.hex(Array(value.json.utf8), bytes: 4)
  }
}

extension Plan {
  /// The plan that loads a part of the source's rows, with a checkpoint, dead letters and a name of its own: parts run
  /// side by side, and none of them moves the pipeline's own checkpoint.
  package func loading(_ part: SourcePart) -> Plan {
    if part.isWhole { return self }
    let suffix = part.name
    var plan = self
    plan.part = part
    plan.name = "\(name).\(suffix)"
    plan.checkpoint.path = Self.path(checkpoint.path, with: suffix)
    plan.deadLetters.path = Self.path(deadLetters.path, with: suffix)
    plan.fingerprint = SHA256.hex(Array((fingerprint + part.value.json).utf8), bytes: 16)
    return plan
  }

  /// The resolved plan as events take it that nothing may keep from the target: deletes by key, whatever the contract and
  /// the transforms say of whole records.
  package var unconditional: Plan {
    var plan = self
    plan.origin = nil
    plan.contract = nil
    for index in plan.streams.indices {
      plan.streams[index].transforms = []
      plan.streams[index].contract = nil
    }
    return plan
  }

  /// `state/products.checkpoint.json` as `state/products.SUFFIX.checkpoint.json`.
  private static func path(_ path: String, with suffix: String) -> String {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    for end in [".checkpoint.json", ".dead-letters.ndjson"] where path.hasSuffix(end) {
      return path.dropLast(end.count) + ".\(suffix)" + end
    }
    guard let dot = path[start...].lastIndex(of: "."), dot > start else { return "\(path).\(suffix)" }
    return "\(path[..<dot]).\(suffix)\(path[dot...])"
  }

  /// Whether the pipeline reads a table at all.
  package var wants: @Sendable (SourceTable) -> Bool {
    { [streams] in streams.stream(of: $0)?.skips != true }
  }
}
