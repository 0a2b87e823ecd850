import ConnectorKit
import Records

/// The hash that tells whether a checkpoint belongs to what the file now says.
enum Fingerprint {
  /// The version of what is hashed; another one makes all fingerprints new.
  private static let version: Value = 1
  /// In bytes of the hash.
  private static let length = 16

  static func of(_ spec: PipelineSpec, source: any Connector, target: any Connector) -> String {
    var members: [Value.Member] = [
      .init("version", version),
      .init("source", identity(source, type: spec.source.type)),
      .init("transforms", .array(spec.transforms.compactMap(\.identity))),
      .init("mappings", spec.mappings.identity ?? .null),
      .init("target", identity(target, type: spec.target.type)),
      .init("key", spec.target.common.key?.written ?? .null),
    ]
    // A contract refuses events and changes none, as far as it does not say so.
    if let contract = spec.contract?.identity, contract != .object([]) { members.append(.init("contract", contract)) }
    let meaning: Value = .object(members)
    return SHA256.hex(Array(meaning.json.utf8), bytes: length)
  }

  private static func identity(_ connector: any Connector, type: String) -> Value {
    .object([.init("type", .string(type)), .init("settings", .object(NamedSetting.identity(of: connector)))])
  }
}
