import ConnectorKit
import Records

/// The source as the file gives it; the connector that its type names reads the rest.
package struct SourceSpec: SettingValue {
  package var node: ConfigNode
  package var type: String

  /// Keys of a source that its connector does not read, and must not declare.
  package static let own = ["type"]
  package static var shape: SettingShape { .custom("a source", schema: ["$ref": "#/$defs/source"]) }
  package var written: Value { .object([.init("type", .string(type))]) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> SourceSpec? {
    loader.connectorType(node, key: "source").map { SourceSpec(node: node, type: $0) }
  }
}

/// The target as the file gives it: what every target has, and what its connector reads.
package struct TargetSpec: SettingValue {
  package var node: ConfigNode
  package var type: String
  package var common: TargetCommon

  package static var shape: SettingShape { .custom("a target", schema: ["$ref": "#/$defs/target"]) }
  package var written: Value { .object([.init("type", .string(type))]) }
  /// Keys of a target that its connector does not read, and must not declare.
  package static let own = ["type"] + SettingList(of: TargetCommon()).names

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> TargetSpec? {
    guard let type = loader.connectorType(node, key: "target") else { return nil }
    let common = TargetCommon()
    let settings = SettingList(of: common)
    let names = node.map?.map(\.key).filter { settings[$0] == nil } ?? []
    guard loader.fill(settings, from: node, others: names), loader.report(common.problems(), in: node) else {
      return nil
    }
    return TargetSpec(node: node, type: type, common: common)
  }
}

/// The settings that every target has, read by the engine.
package struct TargetCommon: SettingGroup {
  package init() {}

  /// The most parallel writers.
  static let lanesMax = 64

  @Setting("Target fields that identify a row; rows of one key are written in order.", example: "[id]")
  package var key: [String]?
  @Setting("Parallel writers; one key always takes the same lane.", range: 1...lanesMax, tuning: true)
  package var lanes: Int = 1
  @Setting("How rows are gathered into one write.", tuning: true) package var batch: BatchSpec = BatchSpec()

  package func problems() -> [Problem] {
    guard let key else { return [] }
    if key.isEmpty { return [Problem("key", "names no field", hint: "remove it, or name the fields of the key")] }
    return Set(key).count < key.count ? [Problem("key", "names a field twice")] : []
  }
}

package struct BatchSpec: SettingGroup {
  package init() {}

  @Setting("The most rows of one write.", range: 1...1_000_000) package var records: Int = 5_000
  @Setting("The most bytes of one write.", range: 1_024...(1 << 30)) package var bytes: ByteSize = .mib(8)
  @Setting(
    "How long a started batch waits for more; not at all where the target is a file or standard output.",
    range: 0...60_000)
  package var wait: Duration = .milliseconds(200)
}

extension SettingLoader {
  /// The `type` of a source or a target.
  fileprivate mutating func connectorType(_ node: ConfigNode, key: String) -> String? {
    guard node.map != nil else {
      let hint = node.core == .text ? "write {type: \(node.scalar?.text ?? "file"), ...}" : nil
      return mismatch(node, expected: "a mapping with `type` and the settings of that type", hint: hint)
    }
    guard let type = node["type"] else {
      add(
        .error, "config.missing_key", node.place, node.path(of: "type"), "required key `type` is missing",
        "`millrace connectors` lists the types")
      return nil
    }
    return text(type, noun: "the name of a connector")
  }
}
