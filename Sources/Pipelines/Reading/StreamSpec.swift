import ConnectorKit
import Records

/// What one entry of `streams` says beside what stands at the top of the file.
package struct StreamSpec: SettingGroup {
  package init() {}

  @Setting("Whether the events of these tables are not read.") package var skip: Bool = false
  @Setting(
    "What an event of these tables must look like, in place of the pipeline's `contract`.",
    example: "{schema: schemas/product.schema.json}")
  package var contract: ContractSpec?
  @Setting("Steps over the event before it is mapped; they follow those of the whole pipeline.")
  package var transforms: [TransformSpec] = []
  @Setting("What the target gets: field by field, or `all`.", example: "all") package var mappings: MappingSpec?
  @Setting(
    "The target's settings for these tables, over those of the whole pipeline.", example: "{table: shop.products}")
  package var target: StreamTargetSpec?

  package func problems() -> [Problem] {
    guard skip else { return [] }
    let others = [
      ("contract", $contract.isGiven), ("transforms", $transforms.isGiven), ("mappings", $mappings.isGiven),
      ("target", $target.isGiven),
    ]
    return others.filter(\.1).map { name, _ in
      Problem(name, code: "config.conflict", "`\(name)` has no meaning where the tables are skipped", hint: "remove it")
    }
  }
}

/// The target settings of a stream, as the file gives them; they are read once they are laid over the target's.
package struct StreamTargetSpec: SettingValue {
  package var node: ConfigNode

  package static var shape: SettingShape {
    .custom("a mapping of target settings", schema: ["$ref": "#/$defs/stream_target"])
  }
  package var written: Value { .object([]) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> StreamTargetSpec? {
    guard node.map != nil else { return loader.mismatch(node, expected: "a mapping of the target's settings") }
    return StreamTargetSpec(node: node)
  }
}

extension ConfigNode {
  /// The mapping with the entries of another one laid over its own.
  func overlaid(with other: ConfigNode) -> ConfigNode {
    guard let entries = map, let others = other.map else { return self }
    let names = Set(others.map(\.key))
    var node = self
    node.content = .map(entries.filter { !names.contains($0.key) } + others)
    node.isReported = isReported || other.isReported
    return node
  }
}
