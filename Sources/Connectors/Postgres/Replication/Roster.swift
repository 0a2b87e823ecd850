import ConnectorKit
import Records

/// The tables that a stream follows, by their names the server's numbers for them: what the checkpoint keeps, so that one
/// that comes along, or is dropped and made again, is noticed whether anybody runs meanwhile or not.
struct Roster: Sendable, Equatable {
  private var ids: [String: UInt32] = [:]
  /// As the checkpoint has it; made when the tables change, and not with each position.
  private(set) var value: Value = .object([])

  init(_ tables: [StreamTable]) {
    for table in tables { ids["\(table.name)"] = table.id }
    note()
  }

  mutating func follow(_ table: StreamTable) {
    ids["\(table.name)"] = table.id
    note()
  }

  private mutating func note() {
    value = .object(ids.sorted { $0.key < $1.key }.map { Value.Member($0.key, .int(Int64($0.value))) })
  }

  enum Standing: Equatable {
    case followed
    case new
    /// Dropped, and made again under its name.
    case remade
  }

  /// What a table is that there is now.
  func standing(of table: StreamTable) -> Standing {
    guard let known = ids["\(table.name)"] else { return .new }
    return known == table.id ? .followed : .remade
  }

  /// The names of tables that were followed and that are not among those that there are.
  func gone(now: [StreamTable]) -> [String] {
    let names = Set(now.map { "\($0.name)" })
    return ids.keys.filter { !names.contains($0) }.sorted()
  }
}

extension Roster {
  /// nil where the value is none.
  init?(_ value: Value?) {
    guard case .object(let members) = value else { return nil }
    for member in members {
      guard let id = member.value.int.flatMap({ UInt32(exactly: $0) }) else { return nil }
      ids[member.name] = id
    }
    note()
  }
}

/// What a stream does with a table that its patterns mean and that it does not follow yet, or that was made again.
enum NewTablePolicy: String, Sendable, SettingChoice { case follow, ignore, stop }
