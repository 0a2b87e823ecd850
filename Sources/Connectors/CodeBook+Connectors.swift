import Records

extension CodeBook {
  /// What the connectors raise.
  package static let connectors = CodeBook(places + contents + columns + streams + log + webhook + http + directus)

  /// What the system says about files.
  private static let places: [Entry] = [
    Entry(
      "file.bad_path", "a path that cannot be", "The path is too long, or its symbolic links go in a circle.",
      remedy: "Choose another path."),
    Entry(
      "file.closed_pipe", "a reader that went away", "Whoever read the pipe has closed it.",
      remedy: "Start the reader again; the run goes on from its checkpoint."),
    Entry(
      "file.disk_full", "a full disk",
      "There is no room for what is to be written. It is tried again, and nothing is lost.",
      remedy: "Free some space; the run goes on by itself."),
    Entry(
      "file.is_folder", "a folder in place of a file", "A file is needed, and the path names a folder.",
      remedy: "Name a file in it."),
    Entry(
      "file.locked", "a file that another run writes", "Another run has the file open for writing.",
      remedy: "Wait for its end, or give this pipeline another path."),
    Entry(
      "file.not_found", "no such file", "Nothing stands at the path, or no file fits the pattern.",
      remedy: "Check the path; relative paths start from the folder of the pipeline file."),
    Entry(
      "file.not_regular", "no regular file", "The path names a pipe or a device.",
      remedy: "Name a file, or use the connectors stdin and stdout."),
    Entry(
      "file.permission_denied", "a file without permission", "The system refuses it to the user that runs the program.",
      remedy: "Give that user the right, also to the folders above."),
    Entry(
      "file.read_failed", "a file that cannot be read", "The system could not read it; the message has its words.",
      remedy: "Check the disk or the network drive, then run again."),
    Entry(
      "file.read_only", "a read-only file system", "The file system takes no writes.",
      remedy: "Choose a path on another one."),
    Entry(
      "file.sync_failed", "a disk that does not store",
      "The system could not bring what was written to the disk, so it cannot be counted as written.",
      remedy: "Check the disk, then start again: the run goes on from its checkpoint."),
    Entry(
      "file.too_many_open", "too many open files", "The process has as many files open as the system lets it.",
      remedy: "Raise the limit (ulimit -n)."),
    Entry(
      "file.write_failed", "a file that cannot be written", "The system could not write it; the message has its words.",
      remedy: "Check the disk and the folder, then run again."),
  ]

  /// What files hold, and what became of them since the checkpoint.
  private static let contents: [Entry] = [
    Entry(
      "checkpoint.mark_unreadable", "a checkpoint of another target",
      "What the checkpoint keeps for the target was not written by this kind of target.",
      remedy: "Start over with `millrace checkpoint reset`, or use the version that wrote it."),
    Entry(
      "checkpoint.position_unreadable", "a position of another source",
      "The checkpoint's position was not written by this kind of source.",
      remedy: "Start over with `millrace checkpoint reset`, or use the version that wrote it."),
    Entry(
      "file.format_unknown", "no format", "Neither the settings nor the name say how the file is written.",
      remedy: "Set format: ndjson, json or csv."),
    Entry(
      "file.invalid_json", "an array that is not JSON",
      "The array breaks the rules of JSON between two records, so it is not known where the next one begins.",
      remedy: "Mend the file. If each line is a record of its own, set format: ndjson."),
    Entry(
      "file.not_utf8", "another encoding", "The file begins with the mark of UTF-16 or UTF-32.",
      remedy: "Convert it with iconv."),
    Entry(
      "file.packed_cut_off", "packed data that is cut off", "The file ends in the middle of its packed data.",
      remedy: "Get the file anew, whole; the records before that place were read."),
    Entry(
      "file.packed_damaged", "packed data that is damaged", "The packed data breaks the rules of its format.",
      remedy: "Get the file anew; the records before that place were read."),
    Entry(
      "file.packed_followed", "a packed file that is followed", "A file that grows can only be followed as plain text.",
      remedy: "Name the growing files by a pattern that leaves packed ones out, or remove follow: true."),
    Entry(
      "file.packing_differs", "another packing", "The file that is to be added to is packed in another way.",
      remedy: "Set the compression that the message names, or choose another path."),
    Entry(
      "file.packing_failed", "packing that failed", "The library that packs refused; the message has its words.",
      remedy: "Free some memory, or set compression: none."),
    Entry(
      "file.partial_lost", "a half-written file that is gone",
      "With write: replace the rows stand in a hidden file beside the target until the end, and that file is missing or"
        + " shorter than the checkpoint says.",
      remedy: "Put it back, or write all anew with `millrace checkpoint reset`."),
    Entry(
      "file.replaced", "another file of the same name",
      "The file at the path is not the one that was read before, so the checkpoint's place means nothing in it.",
      remedy: "Put the old file back, or read all anew with `millrace checkpoint reset`."),
    Entry(
      "file.shrunk", "a file that became shorter", "More of the file was read before than it has now.",
      remedy: "Put the old file back, or read all anew with `millrace checkpoint reset`."),
    Entry(
      "file.target_changed", "a target that somebody changed",
      "The file is shorter than the checkpoint says, so rows that were written are missing from it.",
      remedy: "Put it back, or write all anew with `millrace checkpoint reset`."),
    Entry(
      "file.vanished", "a file that is gone", "The file was read to some place, not to its end, and is gone now.",
      remedy: "Put it back, or read all anew with `millrace checkpoint reset`."),
  ]

  private static let columns: [Entry] = [
    Entry(
      "csv.bad_header", "a header that names no columns", "The first row of the file is no list of names.",
      remedy: "Mend it, or set csv: {header: false, columns: [...]}."),
    Entry(
      "csv.columns_unknown", "CSV without columns",
      "CSV needs its columns before the first row, and the mappings pass fields on as they come.",
      remedy: "List the fields under mappings in place of `all`, or choose format: ndjson."),
    Entry(
      "csv.header_differs", "another header", "The file that is to be added to has other columns, or in another order.",
      remedy: "Make the mappings' fields those of the file, in its order, or choose another path."),
  ]

  private static let streams: [Entry] = [
    Entry(
      "stdout.closed", "a reader that went away", "Whoever read standard output has closed it, as `head` does.",
      remedy: "Nothing, if it has read enough. The next run goes on from the checkpoint.")
  ]
}
