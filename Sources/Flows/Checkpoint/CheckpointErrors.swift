import ConnectorKit

extension FlowError {
  static func damagedCheckpoint(_ path: String, _ reason: String) -> FlowError {
    FlowError(
      "checkpoint.damaged", "The checkpoint \(path) cannot be trusted: \(reason).",
      hint:
        "Restore it from a backup, or start over with `millrace checkpoint reset`; a target that upserts by key can "
        + "take everything again.", exit: .surroundings)
  }

  static func newerCheckpoint(_ path: String, format: Int64) -> FlowError {
    FlowError(
      "checkpoint.newer", "The checkpoint \(path) has format \(format); this version reads up to \(Checkpoint.format).",
      hint: "Run it with the version of Millrace that wrote it, or a later one.", exit: .surroundings)
  }

  static func otherPipelinesCheckpoint(_ path: String, _ theirs: String, _ ours: String) -> FlowError {
    FlowError(
      "checkpoint.other_pipeline", "The checkpoint \(path) belongs to the pipeline `\(theirs)`, not to `\(ours)`.",
      hint: "Give each pipeline a name and a `checkpoint.path` of its own.", exit: .pipeline)
  }

  static func changedPipeline(_ path: String) -> FlowError {
    FlowError(
      "checkpoint.pipeline_changed",
      "The pipeline's source, transforms, mappings or target changed since the checkpoint \(path) was saved, so it is "
        + "not known whether its position still means the same.",
      hint: "Undo the change, or accept it: `millrace checkpoint set --accept` goes on from there, "
        + "`millrace checkpoint reset` starts over.", exit: .pipeline)
  }

  static func changedLanes(_ path: String, from old: Int, to new: Int) -> FlowError {
    FlowError(
      "checkpoint.lanes_changed", "The checkpoint \(path) was saved with \(old) target lanes; the pipeline has \(new).",
      hint: "Set `lanes: \(old)`, or start over with `millrace checkpoint reset`.", exit: .pipeline)
  }

  static func lockedCheckpoint(_ path: String, holder: String?) -> FlowError {
    FlowError(
      "checkpoint.locked",
      "Another run holds the checkpoint \(path)" + (holder.map { " (process \($0))." } ?? "."),
      hint: "Stop the other run, or wait until it ends; two runs of one pipeline would overtake each other.",
      exit: .surroundings)
  }
}

extension FlowError {
  static func cannotOpenCheckpoint(_ path: String, _ error: FileError) -> FlowError {
    FlowError(
      "checkpoint.cannot_open", "The checkpoint \(path) cannot be opened: \(error.reason).",
      hint: "Check the folder and its permissions, or set `checkpoint.path`.", exit: .surroundings)
  }

  static func cannotSaveCheckpoint(_ path: String, _ error: FileError) -> FlowError {
    FlowError(
      "checkpoint.cannot_save", "The checkpoint \(path) cannot be saved: \(error.reason).",
      hint: "Make room or mend the folder's permissions, then run again: the last checkpoint stands.",
      exit: .surroundings)
  }
}
