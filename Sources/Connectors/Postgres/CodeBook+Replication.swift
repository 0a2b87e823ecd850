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
    Entry(
      "postgres.turn_lost", "a backfill beside a stream was cut off",
      "The connection that kept the stream from storing changes broke, so what was read may be older than what is stored.",
      remedy: "Nothing: what was not stored is read again in another turn."),
    Entry(
      "postgres.not_streamed", "something that has no log of its own",
      "Views, materialized views and foreign tables have no changes in the server's log.",
      remedy: "Name the tables that they are made of, or set `read: snapshot`."),
    Entry(
      "postgres.load_needs_key", "a table without a key, to be read and followed",
      "Where reading is stopped in the middle, it goes on behind the last key; without one, rows would be missed or come "
        + "twice.",
      remedy: "Give the table a primary key, or set `read: stream` and load it another way."),
    Entry(
      "postgres.no_free_slot", "no replication slot is free",
      "A stream keeps its place in a slot of the server, and a load that goes on after a stop takes a second one for a "
        + "moment.",
      remedy: "Raise max_replication_slots, or drop a slot that nobody uses."),
    Entry(
      "postgres.wal_level", "a server that writes no logical log",
      "Changes can be read from a server's log only where it is written with wal_level = logical.",
      remedy: "ALTER SYSTEM SET wal_level = logical, and restart the server."),
    Entry(
      "postgres.replica_identity_missing", "a table whose rows cannot be told apart",
      "Once such a table is published, the server refuses all updates and deletes in it, so nothing was published.",
      remedy: "Give it a primary key, or ALTER TABLE … REPLICA IDENTITY FULL."),
    Entry(
      "postgres.publication_missing", "a publication is not there",
      "The publication that the pipeline names does not exist, was dropped, or was made after changes that are still to "
        + "be read.",
      remedy: "Create it, or leave `publication` out; where it was dropped, load the tables anew with `millrace "
        + "checkpoint reset`."),
    Entry(
      "postgres.table_not_published", "a table that the publication does not have",
      "Nobody hears of changes of a table that is not published.", remedy: "Add it, as the hint shows."),
    Entry(
      "postgres.identity_not_published", "a publication that leaves out a key",
      "A column that tells rows apart is not in the publication's list, so the server refuses updates and deletes.",
      remedy: "Add the column to the list."),
    Entry(
      "postgres.column_not_published", "a publication that leaves out columns",
      "The publication has a list of columns, and events have no others.", remedy: "Add the column, if it is wanted."),
    Entry(
      "postgres.rows_not_published", "a publication that leaves out rows",
      "The publication has a row filter. Other rows are neither read nor followed; a row that leaves the filter comes as a "
        + "delete, and one that enters it as a new row.",
      remedy: "ALTER PUBLICATION … SET TABLE without WHERE, if all rows are wanted."),
    Entry(
      "postgres.operation_not_published", "a publication that leaves out changes",
      "The publication does not publish all of inserts, updates, deletes and truncates.",
      remedy: "Set `publish` of the publication, if they are wanted."),
    Entry(
      "postgres.table_gone", "a table whose changes do not come any more",
      "The table was dropped, or taken out of the publication, while the pipeline ran.",
      remedy: "Publish it again and load it anew, or take it out of the pipeline."),
    Entry(
      "postgres.new_table", "a table that the stream does not follow yet",
      "A table came along under one of the pipeline's patterns, or was dropped and made again, and the pipeline says "
        + "`on_new_table: stop`. The checkpoint stands; nothing of the table was read.",
      remedy: "Set `on_new_table: follow` to read it like the others, or `ignore` to leave it out; or skip it under "
        + "`streams`."),
    Entry(
      "postgres.tables_changed", "other tables than before",
      "The stream has changes of a table that came along; the run opens everything anew and goes on by itself.",
      remedy: "Nothing."),
    Entry(
      "postgres.schema_changed", "a table that changed its columns",
      "The pipeline says `on_schema_change: stop`, and a table looks otherwise than before. The checkpoint stands right "
        + "before the change.",
      remedy: "Change the target and the mappings where they need it, and run again."),
    Entry(
      "postgres.stream_broken", "a stream that cannot be followed",
      "The server said something that does not belong to the protocol, or that cannot stand where it stood.",
      remedy: "Nothing was taken; please report it with the server's version."),
    Entry(
      "decode.change_unreadable", "a change that cannot be read",
      "A message of the server's stream is none of the replication protocol.",
      remedy: "Please report it with the server's version."),
  ])
}
