import Records
import Synchronization

/// How a table looked while some of its changes were made.
struct RelationVersion: Sendable, Equatable {
  /// Its place in the source's list of tables.
  var table: Int
  var schema: String
  var name: String
  var columns: [RelationMessage.Column]
  var kinds: [ColumnKind]
  /// Places of the columns that identify a row.
  var key: [Int]
  /// Whether old rows come whole.
  var hasWholeOldRows: Bool
}

/// All descriptions of tables that a stream has brought, by their number. What was read on one lane is decoded on others
/// with the description that held then.
final class RelationBook: Sendable {
  private let versions = Mutex<[RelationVersion]>([])

  /// The number of a description, the same for the same description.
  func number(of version: RelationVersion) -> Int {
    versions.withLock { versions in
      if let known = versions.lastIndex(of: version) { return known }
      versions.append(version)
      return versions.count - 1
    }
  }

  /// The description that held for a table before.
  func last(of table: Int) -> RelationVersion? { versions.withLock { $0.last { $0.table == table } } }

  subscript(number: Int) -> RelationVersion { versions.withLock { $0[number] } }
}
