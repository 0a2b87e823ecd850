import Records

extension CodeBook {
  /// What `millrace test` raises.
  package static let examples = CodeBook([
    Entry(
      "test.cannot_update", "an example that cannot be updated",
      "`millrace test --update` tried the new expectations before it wrote them, and the examples still failed. The file is"
        + " as it was.",
      remedy: "Write the expectation by hand. What an alias repeats, and an `expect_error` that did not come, are never"
        + " changed."),
    Entry(
      "test.killed", "a run that its example kills", "The example says `kill` under `given`; the run starts again.",
      remedy: "Nothing: this is meant."),
    Entry(
      "test.no_end", "an example without an end",
      "The run of the example took more steps than any should. Most often its target fails for ever.",
      remedy: "Lower `times` under `target_failures`, or set `give_up_after`."),
    Entry(
      "test.no_expectation", "an example that expects nothing", "Without an expectation an example cannot fail.",
      remedy: "Add `expect`, or let `millrace test --update` fill it in."),
    Entry(
      "test.target_away", "a target that its example takes away",
      "The example says under `target_failures` that a write fails; it is tried again as `retry` says.",
      remedy: "Nothing: this is meant."),
    Entry(
      "test.target_refused", "a row that the example's target refuses",
      "The example says under `target_failures` that the target refuses a write for good; its rows are dead letters.",
      remedy: "Nothing: this is meant."),
  ])
}
