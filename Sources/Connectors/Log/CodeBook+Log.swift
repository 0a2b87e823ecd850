import Records

extension CodeBook {
  /// What logs and the messages in them raise.
  static let log: [Entry] = [
    Entry(
      "envelope.no_record", "a message without its row", "Nothing, or no object, stands where event.record points to.",
      remedy: "Correct the pointer, or remove it where all of the payload is the row."),
    Entry(
      "envelope.sns_unconfirmed", "a subscription that waits for its confirmation",
      "SNS asks whether the address may be subscribed, and nobody has answered; no notification comes before that.",
      remedy: "Open the SubscribeURL of the dead letter, if you want the subscription, and discard the letter."),
    Entry(
      "envelope.unknown_shape", "a message of another shape", "The message is not what the source's format says.",
      remedy: "Set the format to what is sent, or have the sender send what the format says."),
    Entry(
      "log.beyond_end", "a place behind the end of a log", "The checkpoint is further on than the log reaches.",
      remedy: "Put the log back that was read, or start over with `millrace checkpoint reset`."),
    Entry(
      "log.corrupt", "a damaged log", "Records that were acknowledged cannot be read: the disk lost or changed them.",
      remedy: "Check the disk. Restore the folder from a copy, or move it away to begin a new log."),
    Entry(
      "log.full", "a full log", "The log may not grow, and what it holds was not worked through. Callers hear 503.",
      remedy: "Mend what holds the pipeline up, or raise retain.bytes."),
    Entry(
      "log.locked", "a log that another run writes", "One process writes a log at a time.",
      remedy: "Stop the other run, or read the log with `type: log`."),
    Entry(
      "log.no_record", "an offset without a record", "No record begins at the offset that the file names.",
      remedy: "Take an offset that `millrace checkpoint show` gave, or a time."),
    Entry(
      "log.not_found", "no log", "The folder holds no log.",
      remedy: "Check the path; a webhook source writes its log to the folder that its `log` names."),
    Entry(
      "log.removed", "events that are no longer kept",
      "The reader was away for longer than the log keeps its records: what it had not read was removed.",
      remedy: "Start over with `millrace checkpoint reset` and have the producer send the rest again; raise retain."),
    Entry(
      "log.replaced", "another log", "The folder holds another log than the one that the checkpoint is of.",
      remedy: "Put the old one back, or start over with `millrace checkpoint reset`."),
  ]
}
