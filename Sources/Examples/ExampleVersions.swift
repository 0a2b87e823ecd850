import ConnectorKit
import Records

/// Which of two rows of one key is the newer one, for a target that compares them.
enum ExampleVersions {
  /// Whether the target holds a newer row of the key than this one.
  static func isStale(_ row: ExampleOutcome.Row, _ version: String?, among rows: [ExampleOutcome.Row]) -> Bool {
    guard let version, row.operation == .upsert, let own = row[version], !own.isNull else { return false }
    for held in rows.reversed() where held.table == row.table && held.key == row.key {
      if held.operation == .delete { return false }
      if let other = held[version], !other.isNull { return isLess(own, other) }
    }
    return false
  }

  /// Numbers by their size, times by their moment, and else texts by their characters.
  private static func isLess(_ a: Value, _ b: Value) -> Bool {
    if let a = Decimal(a.json), let b = Decimal(b.json) { return a < b }
    guard let a = a.string, let b = b.string else { return false }
    if let a = Timestamp(a), let b = Timestamp(b) { return (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }
    return a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}

extension ExampleOutcome.Row {
  fileprivate subscript(field: String) -> Value? { fields.last { $0.name == field }?.value }
}
