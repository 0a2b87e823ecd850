import Records

extension CodeBook {
  /// What loading settings raises.
  package static let settings = CodeBook([
    Entry(
      "config.boolean_word", "a word that is no boolean here",
      "YAML 1.2 knows two booleans, `true` and `false`. `yes`, `no`, `on` and `off` are texts, although many tools read"
        + " them as booleans.",
      remedy: "Write `true` or `false` for the boolean, or put the word in quotes for the text."),
    Entry(
      "config.conflict", "settings that contradict each other",
      "Two settings cannot both have an effect, or one has none without another.",
      remedy: "Remove one of them, or add what is missing; the hint says which."),
    Entry(
      "config.empty", "nothing where something is needed", "A text, list or mapping is empty that must not be.",
      remedy: "Give it a value, or remove the key where it is optional."),
    Entry(
      "config.invalid", "a value that the connector refuses",
      "The value has the right type, but the connector cannot work with it; the message says why.",
      remedy: "Change the value; `millrace connectors NAME` describes every setting."),
    Entry(
      "config.key_not_text", "a key that is no text",
      "A key without quotes such as `5`, `true` or `null` is a number, a boolean or null to YAML, and names must be text.",
      remedy: "Put the key in quotes."),
    Entry(
      "config.leading_zeros", "zeros that would be lost",
      "A value such as `007` without quotes is the number 7 to YAML. Where it is an article number or a postal code, that"
        + " would change it.",
      remedy: "Put it in quotes to keep the zeros, or write the number without them."),
    Entry(
      "config.missing_key", "a required key is missing", "The mapping lacks a key that has no default.",
      remedy: "Add the key; the hint says what it is for."),
    Entry(
      "config.no_value", "a key without a value",
      "The key stands there, but nothing follows it. Settings below it may be indented too little.",
      remedy: "Give it a value, indent what belongs below it, or remove the key to get its default."),
    Entry(
      "config.one_of", "not exactly one",
      "Of several keys exactly one must be given, and none or more than one is.",
      remedy: "Keep the one that is meant."),
    Entry(
      "config.out_of_range", "a number out of its bounds",
      "The number, size or duration is below or above what is allowed.",
      remedy: "Choose a value within the bounds that the message names."),
    Entry(
      "config.reference", "a broken reference",
      "`${` begins a reference to a value that only the run knows, and what follows is none.",
      remedy: "Write ${NAME}, ${NAME:-default} or ${file:/run/secrets/name}. For the characters themselves write $${."),
    Entry(
      "config.secret_in_file", "a secret stands in the file",
      "A password, a token or an address with a password is written out in the pipeline file, where everybody reads it who"
        + " reads the file.",
      remedy: "Put it into an environment variable or a file, and write ${NAME} or ${file:/run/secrets/name}."),
    Entry(
      "config.too_many_problems", "too many problems", "The file has more problems than are reported of one file.",
      remedy: "Mend the first ones and check again; often one cause stands behind many."),
    Entry(
      "config.type", "a value of another type", "The setting takes another type of value than the one that is written.",
      remedy:
        "Write a value of the type that the message names. Text that looks like a number or a boolean needs quotes."),
    Entry(
      "config.unit_missing", "a number without its unit",
      "Durations, sizes and rates are written with their unit, so that nobody takes seconds for milliseconds.",
      remedy: "Add the unit: 200ms, 5s, 8MiB, 5000/s."),
    Entry(
      "config.unit_unknown", "an unknown unit", "The unit behind the number is not known, or a space stands before it.",
      remedy: "Durations: ns, us, ms, s, m, h, d. Sizes: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB. Rates: /s, /m, /h."),
    Entry(
      "config.unknown_key", "an unknown key",
      "The mapping has a key that means nothing here. A key that nobody reads is most often a slip of the pen, so it is an"
        + " error.",
      remedy: "Correct the key; the hint names the nearest one, or all of them."),
    Entry(
      "config.unknown_value", "an unknown word", "The setting takes one of a few words, and this is none of them.",
      remedy: "Choose one of the words that the hint names; capital letters count."),
    Entry(
      "secret.unreadable", "a secret's file cannot be read",
      "The file that ${file:...} names is missing, or the user that runs millrace may not read it.",
      remedy: "Check the path and the permissions; the path is taken as it is, not from the pipeline's folder."),
    Entry(
      "secret.unset", "a variable is not set",
      "The file refers to an environment variable that is not set. References are resolved when a run starts, so checks"
        + " without secrets do not find this.",
      remedy: "Set the variable for the process, or give it a default: ${NAME:-default}."),
  ])
}
