import Expressions
import Records

// Versions of a contract whose events take a way of their own: through an upgrade, or mappings of their own.

extension ContractPlan {
  /// Whether the events of some version are upgraded or mapped in a way of their own.
  package var hasOwnWays: Bool { versions.contains { !$0.upgrade.isEmpty || $0.mapping != nil } }

  /// The way of one version's events: its upgrade and those of the versions behind it, up to one that has mappings of its
  /// own or to the newest, and then the pipeline's transforms and the mappings.
  package func way(of version: Int, in stream: StreamPlan) -> StreamPlan {
    var way = stream
    var upgrades: [Transform] = []
    for next in versions[version...] {
      if let mapping = next.mapping {
        way.mapping = mapping
        break
      }
      upgrades += next.upgrade
    }
    way.transforms = upgrades + stream.transforms
    return way
  }

  /// The stream and the versions with the fields of all mappings, so that their rows have the same columns; a field that
  /// a mapping does not make is left out of its rows.
  func widened(_ stream: StreamPlan) -> (StreamPlan, ContractPlan) {
    let mappings = [stream.mapping] + versions.compactMap(\.mapping)
    var names: [String] = []
    for field in mappings.flatMap(\.fields) where !names.contains(field.name) { names.append(field.name) }
    let key = stream.columns.key.map { stream.columns.names[$0] }
    var (stream, contract) = (stream, self)
    stream.mapping = stream.mapping.widened(to: names)
    stream.columns = stream.mapping.columns(key: key)
    for index in contract.versions.indices {
      contract.versions[index].mapping = contract.versions[index].mapping?.widened(to: names)
    }
    return (stream, contract)
  }
}

extension Mapping {
  fileprivate func widened(to names: [String]) -> Mapping {
    var wide = self
    wide.fields = names.map { name in fields.first { $0.name == name } ?? Field(name, .leftOut) }
    return wide
  }
}

extension FieldMapping {
  /// Never has a value: no record has a field of that name.
  package static let leftOut = FieldMapping(from: .path(Path(.before, [.member("\u{0}")])))
}
