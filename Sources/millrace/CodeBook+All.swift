import ConnectorKit
import Connectors
import Contracts
import Examples
import Expressions
import Flows
import Pipelines
import Records

extension CodeBook {
  /// Every code that the program raises.
  static let all =
    pipelines + settings + units + records + mappings + expressions + contracts + connectors + postgres + replication
    + flows
    + examples + commands

  /// What the commands raise themselves.
  private static let commands = CodeBook([
    Entry(
      "backfill.no_parts", "a source that cannot be loaded in parts",
      "The source has no keys or conditions by which some of its records could be chosen.",
      remedy: "Leave out --where, --from, --to and --shard."),
    Entry(
      "backfill.not_begun", "a part of what no pipeline follows yet",
      "Rows are loaded as they are now, and their later changes must come from a stream that has begun before.",
      remedy: "Run the pipeline first; `millrace run --once` is enough."),
    Entry(
      "backfill.nothing_follows", "a source that nothing follows",
      "--then-run goes on with what comes later, and this source ends with what exists.",
      remedy: "Leave out --then-run, or let the source go on."),
    Entry(
      "checkpoint.none", "no checkpoint", "The pipeline has not run yet, so there is no position to move.",
      remedy: "Run it; it starts at the beginning."),
    Entry(
      "dry_run.no_key", "a target without a key to look by",
      "`dry-run --against-target` finds what the target holds by the key of the rows, and the pipeline names none.",
      remedy: "Name the key's fields: target: {key: [id]}; or leave out --against-target."),
    Entry(
      "dry_run.no_lookup", "a target that cannot be asked", "The target cannot be asked for rows by their key.",
      remedy: "Leave out --against-target."),
    Entry(
      "init.file_exists", "a file that is there already", "`millrace init` never overwrites a file.",
      remedy: "Name another file, or remove the one that is there."),
    Entry(
      "verify.not_readable", "a target that cannot be read back",
      "`millrace verify` reads what the target holds, and a target of this type only takes rows, or does not say where it "
        + "lists them.",
      remedy: "Give a target of type http a listing: read: {url: https://api.example/products}."),
    Entry(
      "verify.no_repair", "rows that cannot be sent again",
      "The target is replaced as a whole by each run, so single rows cannot be mended in it.",
      remedy: "Run the pipeline again from its begin: millrace checkpoint reset, then millrace run."),
  ])
}
