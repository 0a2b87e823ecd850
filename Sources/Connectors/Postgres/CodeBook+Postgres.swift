import Records

extension CodeBook {
  /// What the PostgreSQL connectors raise. States of the server that are not listed have the name that PostgreSQL's
  /// documentation gives them in its list of error codes.
  package static let postgres = CodeBook([
    Entry(
      "postgres.bad_url", "a url that libpq cannot read",
      "The url is neither `postgres://…` nor key=value pairs as PostgreSQL's clients know them.",
      remedy: "Write postgres://user:password@host:5432/database; special characters of a password stand as %XX."),
    Entry(
      "postgres.unreachable", "no server answers",
      "The connection could not be made: wrong host or port, a network that is down, a server that does not run.",
      remedy: "Check that the server runs and can be reached from here; the attempt is repeated as `retry` says."),
    Entry(
      "postgres.refused", "the server refuses the connection",
      "The server answers and says no: user, password, database, TLS or pg_hba.conf do not allow it.",
      remedy: "Correct the url, or the server's pg_hba.conf."),
    Entry(
      "postgres.connection_lost", "a connection that broke",
      "The server, or the network in between, closed the connection while it was used.",
      remedy: "Nothing: what was not committed is written again, and nothing twice."),
    Entry(
      "postgres.undefined_table", "a table that is not there",
      "No table of that name can be seen by the role of the url. Upper and lower case count.",
      remedy: "Correct the name, create the table, or set `create: true` on the target."),
    Entry(
      "postgres.undefined_column", "a column that is not there",
      "The mappings make a field, or a record has one, for which the table has no column.",
      remedy: "Correct the field's name, drop it, or add the column."),
    Entry(
      "postgres.key_missing", "an upsert without a key",
      "A row that is there already is found by its key; neither the pipeline nor the table names one.",
      remedy: "Write `key: [id]`, or `mode: insert`."),
    Entry(
      "postgres.key_not_mapped", "a key that the mappings do not make",
      "A column of the key gets no value from the mappings.", remedy: "Map it, or name another key."),
    Entry(
      "postgres.key_not_unique", "a key without a unique index",
      "The server finds rows by key only where a unique index covers just the key's columns.",
      remedy: "Create the index that the hint shows, or name another key."),
    Entry(
      "backfill.bad_key", "a bound that is no key",
      "--from and --to take the key of one table, with a value for each of its columns.",
      remedy: "Name one table in a pipeline of its own, and write a key of several columns as a JSON array."),
    Entry(
      "postgres.type_loses", "a column that changes values",
      "The target's column is of a type that does not hold all that the source's does, and the server changes such values"
        + " without a word: it rounds, or drops a part.",
      remedy: "Change the column's type, or say in the mapping what shall become of the value."),
    Entry(
      "postgres.null_into_required", "a value that may be null, for a column that must not",
      "The source's column may be null, and the target's must not. Records with null become dead letters.",
      remedy:
        "Give the field a `default`, compute one with `coalesce(record.a, 0)`, or write `required: true` to say that"
        + " such records are meant to be refused."),
    Entry(
      "postgres.type_refuses", "a column that refuses values",
      "The target's column is of a type that does not take all that the source's holds; rows with such values become dead"
        + " letters.", remedy: "Change the column's type, or map the field to what it takes."),
    Entry(
      "postgres.key_circle", "foreign keys in a circle",
      "Rows of the table refer to rows of the same table, or in the end do so through others, so that no order of rows"
        + " satisfies the keys for sure.",
      remedy: "Set `foreign_keys: off` on a target whose tables have these keys; nobody checks them then."),
    Entry(
      "postgres.column_not_filled", "a column that must not stay empty",
      "The table has a column that is not null and has no default, and the mappings make no field for it.",
      remedy: "Map it, or give the column a default."),
    Entry(
      "postgres.generated_column", "a column that the server computes",
      "The mappings make a field for a generated column, which nobody can write.", remedy: "Remove the field."),
    Entry(
      "postgres.insufficient_privilege", "a permission is missing", "The role of the url may not do what is needed.",
      remedy: "Grant what the message names."),
    Entry(
      "postgres.position_taken", "two runs write one position",
      "Another run of the pipeline, with another checkpoint, has begun to write to the same table of positions.",
      remedy: "Let one run write at a time, or give the pipelines names of their own."),
    Entry(
      "postgres.commits_lost", "a target that crashed has lost the last rows",
      "The pipeline's rows and position are committed before they are on the target's disk, and a crash took the last of"
        + " both. The source was told of none of them.",
      remedy: "Nothing: the run goes on from the position that the target has."),
    Entry(
      "postgres.position_behind", "a target that is older than the checkpoint",
      "The target holds an earlier position than it had made durable when the checkpoint was saved: it was restored from a"
        + " backup, or an asynchronous standby took over. What lies between is missing in it.",
      remedy: "Compare both sides with `millrace verify`, or load the tables anew with `millrace checkpoint reset`."),
    Entry(
      "postgres.insert_needs_one_lane", "several lanes that insert without a key",
      "Several lanes commit at different moments, so a crash would insert some rows twice.",
      remedy: "Set `lanes: 1`, or give the table a key."),
    Entry(
      "postgres.origin_needs_one_lane", "a replication origin for several lanes",
      "A replication origin is had by one session at a time, and each lane has a session of its own.",
      remedy: "Set `lanes: 1`, or leave `origin` out."),
    Entry(
      "postgres.truncate_needs_one_lane", "a truncate among several lanes",
      "A truncate comes between rows of all keys, and several lanes cannot agree on its place.",
      remedy: "Set `lanes: 1`, or `on_delete: ignore`."),
    Entry(
      "postgres.delete_needs_key", "a delete without a key", "Without a key nobody knows which row is meant.",
      remedy: "Name the key, or set `on_delete: ignore`."),
    Entry(
      "postgres.create_needs_fields", "a table that cannot be created",
      "With `mappings: all` nobody knows the columns before the first record.",
      remedy: "Create the table, or map each field with its cast."),
    Entry(
      "postgres.nul_character", "a zero character in a text", "PostgreSQL cannot store U+0000 in a text.",
      remedy: "Remove it at the source, or replay the dead letter after mending it."),
    Entry(
      "postgres.bytes", "a text that is no bytes", "A bytea column takes base64, or hexadecimal digits behind \\x.",
      remedy: "Correct the field, or cast it with `as: bytes`."),
    Entry(
      "postgres.bad_name", "a text that names no table", "A table is named as `table` or `schema.table`.",
      remedy:
        "Put a part that has a dot or a quote in it into double quotes, as in SQL; {schema} and {table} need a source"
        + " with tables."),
    Entry(
      "postgres.too_many_shapes", "rows of too many kinds",
      "Rows leave out fields in so many combinations that each would need statements of its own.",
      remedy: "Give the fields a default, or map them to null where they are missing."),
    Entry(
      "postgres.out_of_memory", "no memory for a connection", "The library that talks with the server got no memory.",
      remedy: "Free memory, or run with fewer lanes."),
    Entry(
      "postgres.not_open", "used before it was opened", "This is a fault of Millrace.",
      remedy: "Please report it with the pipeline file."),
    Entry(
      "decode.copy_ragged", "a row that does not fit the table",
      "A row came with fewer cells than the table had columns when it was looked at: the table was changed meanwhile.",
      remedy: "Run again; the table is looked at anew."),
    Entry(
      "postgres.server_too_old", "an old server", "The server is older than what these connectors are written for.",
      remedy: "Use PostgreSQL 12 or newer."),
  ])
}
