import ConnectorKit
import Records

/// What a target has committed, as far as is known here. A value: texts in, what follows from them out.
///
/// Commits are numbered inside of their progress, so that a checkpoint can tell an earlier one from a later one.
struct CommitMemory: Sendable, Equatable {
  /// What stands in the target, where nothing was lost.
  private var last: String?
  /// The number of that commit.
  private(set) var commits: Int64 = 0
  /// A commit that was sent and not answered: what it stores, and what the write had done.
  private var unanswered: Sent?
  /// Whether the connection is another one than that of the last commit: the server may have crashed in between.
  private(set) var isUnsure = false
  /// Whether something was committed that need not be durable yet.
  private(set) var isAhead = false
  private var hasConnected = false

  private struct Sent: Equatable {
    var progress: String
    var written: Written
  }

  init() {}

  /// - Parameter text: what stands in the target, durably.
  init(found text: String?) {
    last = text
    commits = text.flatMap { try? Value(json: $0) }?["commit"]?.int ?? 0
    hasConnected = true
  }

  mutating func connected() {
    isUnsure = hasConnected
    isAhead = isAhead || isUnsure
    hasConnected = true
  }

  // MARK: - Committing

  /// What the next commit stores.
  func text(of progress: Value) -> String {
    guard case .object(var members) = progress else { return progress.json }
    members.append(.init("commit", .int(commits + 1)))
    return Value.object(members).json
  }

  mutating func sends(_ progress: String, _ written: Written) {
    unanswered = Sent(progress: progress, written: written)
  }

  /// The server has answered.
  mutating func committed() {
    guard let sent = unanswered else { return }
    unanswered = nil
    last = sent.progress
    commits += 1
    isAhead = true
  }

  /// The server has refused.
  mutating func failed() { unanswered = nil }

  // MARK: - Looking

  enum Recalled: Equatable {
    /// - Parameter written: what the commit did that was not answered, where it has happened after all.
    case intact(Written?)
    case lost
  }

  /// The target has this now, durably.
  mutating func recalled(_ text: String?) -> Recalled {
    let sent = unanswered
    unanswered = nil
    (isUnsure, isAhead) = (false, false)
    if let sent, sent.progress == text {
      last = text
      commits += 1
      return .intact(sent.written)
    }
    return text == last ? .intact(nil) : .lost
  }
}

/// When a commit is durable: PostgreSQL's `synchronous_commit`.
enum CommitMode {
  /// Some moments later, in the order of the commits.
  static let ahead = "SET synchronous_commit = off"

  /// How a commit is durable when it is answered, as the session, its role and its database want it.
  static func durable(of connection: PostgresConnection) throws(PostgresError) -> String {
    let found = try connection.query("SHOW synchronous_commit").text(0, 0) ?? "on"
    return found == "off" ? "on" : found
  }
}
