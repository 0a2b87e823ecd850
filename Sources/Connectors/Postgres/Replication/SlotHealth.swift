import ConnectorKit

/// What the server says about a replication slot, and about itself.
struct SlotState: Sendable, Equatable {
  var name: String
  var plugin: String?
  var database: String?
  /// Everything before it was told to be durable; the server never sends it again.
  var confirmed: LSN?
  /// The process that streams from it; nil where nobody does.
  var activePID: Int32?
  /// When that process last heard from its client, as the server wrote it.
  var heardAt: String?
  /// `reserved`, `extended`, `unreserved`, `lost`
  var walStatus: String?
  /// Why the server gave it up; from version 17 on, and as a mere "yes" in 16.
  var invalidation: String?
  var sendsPrepared = false
}

/// What a run finds where it is about to go on.
struct SlotHealth: Sendable, Equatable {
  var slot: SlotState?
  var name: String
  var system: String
  var database: String
  /// Up to where the server has written its log.
  var written: LSN

  /// Decides whether a stream can go on at a place; nil where it can.
  ///
  /// - Parameters:
  ///   - position: nil where nothing was read yet.
  ///   - seen: the state that the last attempt found, to tell a client that lives from one that is gone.
  func problem(at position: StreamPosition?, after seen: SlotState?) -> ConnectorError? {
    if let position, position.system != system { return otherServer }
    guard let slot else { return position == nil ? nil : missing }
    if slot.plugin != "pgoutput" || slot.database != database { return unfit(slot) }
    if slot.sendsPrepared { return sendsPrepared }
    if slot.walStatus == "lost" || slot.invalidation != nil { return lost(slot) }
    if let position {
      if let confirmed = slot.confirmed, position.lsn < confirmed { return behind(position.lsn, confirmed) }
      if position.lsn > written { return ahead(position.lsn) }
    }
    return slot.activePID == nil ? nil : taken(slot, after: seen)
  }

  private var otherServer: ConnectorError {
    ConnectorError(
      "postgres.other_server",
      "The checkpoint belongs to another server: the log of this one has the same numbers and means something else.",
      remedy: .stop,
      hint:
        "Name the server that the checkpoint was made with; for a new one, load it anew under another name, or with "
        + "`millrace checkpoint reset`.")
  }

  private var missing: ConnectorError {
    ConnectorError(
      "postgres.slot_missing",
      "The replication slot \(name) is gone, and with it the changes since the checkpoint.", remedy: .stop,
      hint:
        "Find out who dropped it, or whether a server took over that does not have it: only slots that are made with "
        + "`failover` (PostgreSQL 17) are kept on a standby. `millrace checkpoint reset` loads the tables anew.")
  }

  private func unfit(_ slot: SlotState) -> ConnectorError {
    let what =
      slot.plugin == "pgoutput" ? "of the database \(slot.database ?? "(none)")" : "with \(slot.plugin ?? "no plugin")"
    return ConnectorError(
      "postgres.slot_unfit", "The replication slot \(name) is one \(what); one of \(database) with pgoutput is needed.",
      remedy: .stop, hint: "Name another one with `slot`.")
  }

  private var sendsPrepared: ConnectorError {
    ConnectorError(
      "postgres.slot_two_phase",
      "The replication slot \(name) sends transactions when they are prepared, before anybody knows that they happen.",
      remedy: .stop,
      hint: "Use a slot without two_phase: transactions in two phases then come whole when they are committed.")
  }

  private func lost(_ slot: SlotState) -> ConnectorError {
    let why = slot.invalidation.map { " (\($0))" } ?? ""
    return ConnectorError(
      "postgres.slot_lost",
      "The server has given up the replication slot \(name)\(why): changes since the checkpoint are lost to it.",
      remedy: .stop,
      hint: "Drop the slot, raise max_slot_wal_keep_size, and load the tables anew with `millrace checkpoint reset`.")
  }

  private func behind(_ stored: LSN, _ confirmed: LSN) -> ConnectorError {
    ConnectorError(
      "postgres.slot_ahead",
      "The replication slot \(name) stands at \(confirmed), \(confirmed.bytes(since: stored)) bytes behind the "
        + "checkpoint's \(stored): somebody else has read from it, and what lies between would be missing.",
      remedy: .stop,
      hint: "Restore the newest checkpoint, or load the tables anew with `millrace checkpoint reset`.")
  }

  private func ahead(_ stored: LSN) -> ConnectorError {
    ConnectorError(
      "postgres.log_behind",
      "The server's log ends at \(written), before the checkpoint's \(stored): the server has lost what was read from it.",
      remedy: .stop,
      hint: "It was restored from a backup or an asynchronous standby took over: compare both sides, then load the "
        + "tables anew with `millrace checkpoint reset`.")
  }

  /// A client that was killed may hold its slot until the server notices. One that still answers is another runner.
  private func taken(_ slot: SlotState, after seen: SlotState?) -> ConnectorError {
    let pid = slot.activePID ?? 0
    let lives = seen?.activePID == pid && seen?.heardAt != nil && slot.heardAt != nil && seen?.heardAt != slot.heardAt
    return ConnectorError(
      "postgres.slot_taken",
      "The replication slot \(name) is in use by the server's process \(pid)"
        + (lives ? ", whose client is alive." : "."),
      remedy: lives ? .stop : .retry(after: nil),
      hint: lives
        ? "Another run of the pipeline streams from it; let one run at a time, or name another slot."
        : "A run that was killed holds it until the server notices, within wal_sender_timeout.")
  }
}
