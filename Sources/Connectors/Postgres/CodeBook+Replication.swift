import Records

extension CodeBook {
  /// What reading a PostgreSQL server's log raises.
  package static let replication = CodeBook([
    Entry(
      "postgres.other_server", "a checkpoint of another server",
      "Places in a server's log mean nothing in the log of another one, and the checkpoint names the server it is from.",
      remedy: "Name that server, or load the new one with a pipeline of its own."),
    Entry(
      "postgres.slot_missing", "a replication slot is gone",
      "Somebody dropped the slot, or a server took over that does not have it. The changes since the checkpoint cannot "
        + "be read any more.",
      remedy: "Find out why, then load the tables anew with `millrace checkpoint reset`."),
    Entry(
      "postgres.slot_unfit", "a replication slot of another kind",
      "The slot belongs to another database or was made for another output plugin.",
      remedy: "Name another one with `slot`, or let the pipeline make its own."),
    Entry(
      "postgres.slot_two_phase", "a replication slot that sends prepared transactions",
      "Such a slot sends a transaction before anybody knows that it happens.",
      remedy: "Use a slot that was made without two_phase; two-phase transactions then come when they are committed."),
    Entry(
      "postgres.slot_lost", "a replication slot was given up",
      "The server removed log that the slot still needed, because max_slot_wal_keep_size allows no more.",
      remedy: "Drop the slot, raise that limit, and load the tables anew with `millrace checkpoint reset`."),
    Entry(
      "postgres.slot_ahead", "changes that somebody else has read",
      "The slot stands behind the checkpoint: the changes between them were told to be durable elsewhere, and the server "
        + "never sends them again.",
      remedy: "Restore the newest checkpoint, or load the tables anew with `millrace checkpoint reset`."),
    Entry(
      "postgres.log_behind", "a server that has lost its end",
      "The checkpoint lies beyond the end of the server's log: it was restored from a backup, or a standby that did not "
        + "have everything took over.",
      remedy: "Compare both sides, then load the tables anew with `millrace checkpoint reset`."),
    Entry(
      "postgres.slot_taken", "a replication slot in use",
      "One client at a time can read from a slot. One that was killed holds it until the server notices.",
      remedy: "Let one run of a pipeline read at a time, or name another slot."),
  ])
}
