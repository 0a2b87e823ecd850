import ConnectorKit
import Records

/// The hash that tells whether a checkpoint belongs to what the file now says.
enum Fingerprint {
  /// The version of what is hashed; another one makes all fingerprints new.
  private static let version: Value = 1
  /// In bytes of the hash.
  private static let length = 16

  static func of(_ spec: PipelineSpec, source: any Connector, _ streams: [StreamPlan]) -> String {
    var members: [Value.Member] = [
      .init("version", version),
      .init("source", identity(source, type: spec.source.type)),
      .init("transforms", .array(spec.transforms.compactMap(\.identity))),
      .init("mappings", spec.mappings?.identity ?? .null),
      .init("target", identity(streams[0].target, type: spec.target.type)),
      .init("key", spec.target.common.key?.written ?? .null),
    ]
    // A contract refuses events and changes none, as far as it does not say so.
    if let contract = spec.contract?.identity, contract != .object([]) { members.append(.init("contract", contract)) }
    if let named = spec.streams {
      members.append(
        .init("streams", .array(zip(named.entries, streams).map { identity($0.name, $0.value, $1, spec.target.type) })))
    }
    let meaning = Value.object(members)
    return SHA256.hex(Array(meaning.json.utf8), bytes: length)
  }

  private static func identity(
    _ name: String, _ spec: StreamSpec, _ stream: StreamPlan, _ type: String
  ) -> Value {
    var members: [Value.Member] = [
      .init("tables", .string(name)), .init("skip", .bool(spec.skip)),
      .init("transforms", .array(spec.transforms.compactMap(\.identity))),
      .init("mappings", spec.mappings?.identity ?? .null), .init("target", identity(stream.target, type: type)),
      .init("key", .array(stream.columns.key.map { .string(stream.columns.names[$0]) })),
    ]
    if let contract = spec.contract?.identity, contract != .object([]) { members.append(.init("contract", contract)) }
    return .object(members)
  }

  private static func identity(_ connector: any Connector, type: String) -> Value {
    .object([.init("type", .string(type)), .init("settings", .object(NamedSetting.identity(of: connector)))])
  }
}
