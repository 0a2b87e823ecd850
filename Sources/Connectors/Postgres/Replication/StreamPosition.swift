import ConnectorKit
import Records

/// Where a stream of changes can go on.
///
/// The log is given out in transactions, in the order of their commits, so a place in it is the end of one; inside of a
/// long transaction it is the end of the one before and how many changes of the next were given out. The server sends
/// a transaction as a whole again, and the changes that were given out are passed over.
struct StreamPosition: Sendable, Equatable {
  /// The server's identity: a log of another server has the same numbers and means something else.
  var system: String
  /// Everything that was committed before it was given out.
  var lsn: LSN
  /// nil between two transactions.
  var inside: Inside?

  struct Inside: Sendable, Equatable {
    /// Where the transaction's commit stands.
    var commit: LSN
    /// How many of its changes were given out.
    var changes: Int64
  }

  init(system: String, lsn: LSN, inside: Inside? = nil) {
    self.system = system
    self.lsn = lsn
    self.inside = inside
  }
}

extension StreamPosition {
  var value: Value {
    var members: [Value.Member] = [
      .init("system", .string(system)), .init("lsn", .string("\(lsn)")),
    ]
    if let inside {
      members.append(.init("inside", ["commit": .string("\(inside.commit)"), "changes": .int(inside.changes)]))
    }
    return .object(members)
  }

  /// nil where it is none.
  init?(_ value: Value?) {
    guard let system = value?["system"]?.string, let lsn = value?["lsn"]?.string.flatMap({ LSN($0) }) else {
      return nil
    }
    self.init(system: system, lsn: lsn)
    guard let within = value?["inside"] else { return }
    guard let commit = within["commit"]?.string.flatMap({ LSN($0) }), let changes = within["changes"]?.int else {
      return nil
    }
    inside = Inside(commit: commit, changes: changes)
  }
}
