/// What a server says while it streams its log, and what follows from it: which changes are given out, where the stream
/// stands, what the server may be told. A value: it knows neither sockets nor clocks.
///
/// Changes come in whole transactions, in the order of their commits (the server is asked to keep what is large until
/// it ends). What was given out before a reconnection is passed over, so that every change is given out once.
struct StreamConversation: Sendable, Equatable {
  /// Why a stream cannot go on.
  enum Fault: Error, Equatable {
    /// A message that cannot stand where it stands.
    case unexpected(String)
    /// A change of a table that was never described.
    case unknownRelation(UInt32)
    /// The transaction that was being given out did not come again.
    case gap(expected: LSN, found: LSN)
    /// The slot sends transactions that are prepared and not committed.
    case prepared(String)
  }

  /// What became of a change.
  enum Change: Equatable {
    /// Given out before, ignored, or of a table that nobody asked for.
    case passedOver
    /// To be given out, with this description of its table.
    case given(relation: Int)
  }

  private struct Transaction: Sendable, Equatable {
    var begin: OutputMessage.Begin
    /// How many of its changes came.
    var changes: Int64 = 0
    /// So many were given out before.
    var known: Int64
    /// None of it is given out: it was before, or its origin is ignored.
    var isIgnored: Bool
  }

  /// Everything before it was given out.
  private(set) var position: StreamPosition
  /// Everything before it is durable downstream and in the checkpoint (Invariant 1). Nothing, until somebody says so: the
  /// place where a stream goes on after it broke is the one that was read to, which need not be stored yet.
  private(set) var durable = LSN.zero
  /// Up to where the server has sent everything.
  private(set) var received: LSN

  private let ignoredOrigins: IgnoredOrigins
  private var transaction: Transaction?
  /// For each of the server's tables the number of its description; nil for those that nobody asked for.
  private var relations: [UInt32: Int?] = [:]

  init(at position: StreamPosition, ignoring origins: IgnoredOrigins = .none) {
    self.position = position
    received = position.lsn
    ignoredOrigins = origins
  }

  /// The transaction whose changes come.
  var begin: OutputMessage.Begin? { transaction?.begin }

  /// How many changes of the transaction came before the next one.
  var changes: Int64 { transaction?.changes ?? 0 }

  /// Whether everything that the server began to send has come to its end.
  var isBetweenTransactions: Bool { transaction == nil && position.inside == nil }

  /// Whether the next change is one that is passed over, whatever its table: it was given out before, or its origin is
  /// ignored.
  var passesOver: Bool { transaction.map { $0.isIgnored || $0.changes < $0.known } ?? false }

  // MARK: - Transactions

  mutating func began(_ begin: OutputMessage.Begin) throws(Fault) {
    guard transaction == nil else { throw .unexpected("a transaction begins inside of another one") }
    var known: Int64 = 0
    if let inside = position.inside, begin.commit >= position.lsn {
      guard begin.commit == inside.commit else { throw .gap(expected: inside.commit, found: begin.commit) }
      known = inside.changes
    }
    // Committed before the place where the stream goes on: the server sends again what it was not told about.
    let isKnown = begin.commit < position.lsn
    transaction = Transaction(begin: begin, known: known, isIgnored: isKnown)
  }

  /// The transaction came to this server from another one.
  mutating func came(from origin: String) {
    if ignoredOrigins.contains(origin) { transaction?.isIgnored = true }
  }

  /// - Returns: whether changes of it were given out, so that the end of the transaction means something downstream.
  @discardableResult
  mutating func committed(_ commit: OutputMessage.Commit) throws(Fault) -> Bool {
    guard let ended = transaction else { throw .unexpected("a commit without a transaction") }
    guard ended.begin.commit == commit.commit else { throw .unexpected("the commit of another transaction") }
    if ended.changes < ended.known { throw .unexpected("a transaction came again with fewer changes") }
    let wasInside = position.inside != nil
    transaction = nil
    received = max(received, commit.end)
    guard commit.end > position.lsn else { return false }
    position.lsn = commit.end
    position.inside = nil
    return wasInside || !ended.isIgnored
  }

  // MARK: - Changes

  /// From here on, changes of that table fit this description.
  ///
  /// - Parameter number: nil where nobody asked for the table.
  mutating func described(_ relation: UInt32, as number: Int?) { relations[relation] = .some(number) }

  /// Takes one change of a table.
  mutating func changed(_ relation: UInt32) throws(Fault) -> Change {
    guard let number = relations[relation] else { throw .unknownRelation(relation) }
    guard try counts(), let number else { return .passedOver }
    return .given(relation: number)
  }

  /// Takes one truncate of several tables.
  ///
  /// - Returns: the descriptions of those that are given out.
  mutating func truncated(_ truncated: [UInt32]) throws(Fault) -> [Int] {
    var numbers: [Int] = []
    for relation in truncated {
      guard let number = relations[relation] else { throw .unknownRelation(relation) }
      if let number { numbers.append(number) }
    }
    return try counts() ? numbers : []
  }

  /// Counts a change, and says whether it is given out.
  private mutating func counts() throws(Fault) -> Bool {
    guard transaction != nil else { throw .unexpected("a change outside of a transaction") }
    transaction?.changes += 1
    guard let transaction, !transaction.isIgnored, transaction.changes > transaction.known else { return false }
    position.inside = StreamPosition.Inside(commit: transaction.begin.commit, changes: transaction.changes)
    return true
  }

  // MARK: - What the server is told

  /// The server has sent everything before `end`.
  ///
  /// - Returns: whether the stream has moved although no transaction came: what was committed before concerns nobody
  ///   here. The new place is told to the server when it is durable in the checkpoint, like any other.
  mutating func kept(aliveAt end: LSN) -> Bool {
    received = max(received, end)
    guard isBetweenTransactions, end > position.lsn else { return false }
    position.lsn = end
    return true
  }

  /// Everything up to there is durable downstream and in the checkpoint.
  mutating func acknowledged(_ position: StreamPosition) { durable = max(durable, position.lsn) }

  func status(wantsReply: Bool = false) -> StandbyStatus {
    StandbyStatus(received: received, durable: durable, wantsReply: wantsReply)
  }
}

/// Transactions that other replications wrote into the source, and that are not given out: two databases that follow
/// each other would send every change in a circle.
enum IgnoredOrigins: Sendable, Equatable {
  case none
  case any
  case named([String])

  func contains(_ origin: String) -> Bool {
    switch self {
    case .none: false
    case .any: true
    case .named(let names): names.contains { $0.utf8.elementsEqual(origin.utf8) }
    }
  }
}
