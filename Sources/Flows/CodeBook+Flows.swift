import Records

extension CodeBook {
  /// What running a pipeline raises.
  package static let flows = CodeBook(checkpoints + running)

  private static let checkpoints: [Entry] = [
    Entry(
      "checkpoint.cannot_open", "a checkpoint that cannot be opened",
      "The file of the checkpoint, or its lock file, cannot be opened; the message has the system's words.",
      remedy: "Check the permissions of the folder, or name another with `checkpoint.path` or MILLRACE_STATE."),
    Entry(
      "checkpoint.cannot_save", "a checkpoint that cannot be saved",
      "The run ended because its progress could not be stored. The checkpoint before it stands, so the next run repeats"
        + " what came after it and loses nothing.",
      remedy: "Make room on the disk or mend the permissions of the folder, then run again."),
    Entry(
      "checkpoint.damaged", "a checkpoint that cannot be trusted",
      "The checkpoint's content does not fit its checksum, or a part of it is missing. Going on from a wrong place could"
        + " lose records, so the run refuses.",
      remedy: "Restore the file from a backup, or start over with `millrace checkpoint reset`. A target that upserts by"
        + " key can take everything again."),
    Entry(
      "checkpoint.lanes_changed", "another number of lanes",
      "Each target lane keeps its own place in the checkpoint, and the pipeline has more or fewer lanes now.",
      remedy: "Set `target.lanes` to the number in the message, or start over with `millrace checkpoint reset`."),
    Entry(
      "checkpoint.locked", "two runs of one pipeline",
      "Another process runs this pipeline. Two runs would overtake each other and write records twice.",
      remedy: "Stop the other run or wait for its end; `millrace status` names its process."),
    Entry(
      "checkpoint.newer", "a checkpoint of a newer version",
      "A later version of Millrace wrote the checkpoint, in a form that this one does not know.",
      remedy: "Run the pipeline with that version or a later one."),
    Entry(
      "checkpoint.other_pipeline", "another pipeline's checkpoint",
      "The checkpoint at this path carries another pipeline's name.",
      remedy: "Give each pipeline a name and a `checkpoint.path` of its own. After a change of the name:"
        + " `millrace checkpoint set --accept`."),
    Entry(
      "checkpoint.pipeline_changed", "a pipeline that changed since",
      "Source, transforms, mappings or target differ from those that the checkpoint was saved with, so it is not known"
        + " whether the position still means the same. What was written before was made by the old rules.",
      remedy:
        "Undo the change; or accept it with `millrace checkpoint set --accept`, which goes on from the same place;"
        + " or start over with `millrace checkpoint reset`."),
  ]

  private static let running: [Entry] = [
    Entry(
      "dedupe.cannot_keep", "remembered keys that cannot be kept",
      "A `dedupe` step remembers which events it has let through, in files beside the checkpoint, and one of them cannot"
        + " be written or read; the message has the system's words. The run stops rather than write an event twice.",
      remedy: "Make room on the disk or mend the permissions, then run again: the checkpoint stands."),
    Entry(
      "dead_letters.cannot_write", "dead letters that cannot be written",
      "A record could not be delivered, and could not be kept either. The run stops rather than lose it.",
      remedy: "Make room on the disk or mend the permissions, then run again: the checkpoint stands."),
    Entry(
      "dead_letters.no_replay", "a target that takes no single rows",
      "The target shows its rows as a whole, so those of dead letters cannot be added later.",
      remedy: "Mend the source or the pipeline, and run it again."),
    Entry(
      "dead_letters.locked", "dead letters of another run",
      "Another process appends to the same file of dead letters.",
      remedy: "Give each pipeline a `retry.dead_letter.path` of its own, or stop the other run."),
    Entry(
      "flow.interrupted", "a run that was cut short",
      "A second signal came, or storing what was in flight took too long. The checkpoint stands where it was saved last.",
      remedy: "Run again: it goes on from there and loses nothing."),
    Entry(
      "flow.unbalanced", "counts that do not balance",
      "Every record that is read must end in exactly one count, and the sum does not fit. This is a fault of Millrace.",
      remedy: "Report it with the pipeline file. Compare source and target before going on."),
    Entry(
      "stream.none", "a table that no stream is for",
      "The pipeline has `streams`, and the source reads a table that none of them names.",
      remedy: "Name it under `streams`, with `skip: true` if it is not wanted, or add a stream \"*\" for all others."),
    Entry(
      "stream.too_many", "too many tables", "The source's patterns mean more tables than a pipeline takes.",
      remedy: "Name fewer in the source's `tables`, or write several pipelines."),
    Entry(
      "stream.unknown_table", "a table that came along",
      "An event is about a table that the source did not have when the run began.",
      remedy: "Start the run again, then replay the dead letter."),
    Entry(
      "target.one_stream", "several tables into one place", "The target takes the rows of one table only.",
      remedy: "Write a pipeline for each table."),
    Entry(
      "target.bad_answer", "an answer that makes no sense",
      "The target's connector refused a row that it had not been given. This is a fault of the connector.",
      remedy: "Report it with the pipeline file."),
  ]
}
