/// What went wrong in a connector, and what the engine shall do about it.
package struct ConnectorError: Error, Sendable, Equatable {
  package enum Remedy: Sendable, Equatable {
    /// The other side is away or busy: do the same again, not before `after` where it said so (Retry-After).
    case retry(after: Duration?)
    /// A ``TransactionalTarget`` has lost what it had taken: open everything anew, and go on from what it still has.
    case reopen
    /// Trying again cannot help: stop the run; the checkpoint stands.
    case stop
  }

  /// A stable code, `file.not_found`, known to `millrace explain`.
  package var code: String
  /// One sentence: what happened, to what. Never holds a secret.
  package var message: String
  package var remedy: Remedy
  /// One sentence: what to do.
  package var hint: String?

  package init(_ code: String, _ message: String, remedy: Remedy, hint: String? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.hint = hint
  }
}
