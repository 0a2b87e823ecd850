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
  /// For each table the last description that changes which were given out may have had.
  private let expected = Mutex<[Int: RelationVersion]>([:])

  /// The number of a description, the same for the same description.
  func number(of version: RelationVersion) -> Int {
    versions.withLock { versions in
      if let known = versions.lastIndex(of: version) { return known }
      versions.append(version)
      return versions.count - 1
    }
  }

  /// The same, and from here on the table is expected to look so.
  func expect(_ version: RelationVersion) -> Int {
    expected.withLock { $0[version.table] = version }
    return number(of: version)
  }

  /// How a table is expected to look; nil where nothing was given out of it yet.
  func last(of table: Int) -> RelationVersion? { expected.withLock { $0[table] } }

  subscript(number: Int) -> RelationVersion { versions.withLock { $0[number] } }
}
