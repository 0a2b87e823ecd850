import Records

extension CodeBook {
  /// What is wrong with an expression, found before it runs or at a record.
  package static let expressions = CodeBook([
    Entry(
      "expression.always_fails", "a part that can never have a value",
      "A part of the expression is made of constants alone and fails, so it fails for every record.",
      remedy: "Correct the constant; the message says what is wrong with it."),
    Entry(
      "expression.always_true", "a condition that excludes nothing",
      "Two comparisons of one field are joined with `||`, and whatever the field is, one of them holds:"
        + " `record.kind != 'a' || record.kind != 'b'`; or the contract allows no other value.",
      remedy: "Write `&&` where both must hold: `record.kind != 'a' && record.kind != 'b'`."),
    Entry(
      "expression.bad_argument", "an argument that a function refuses",
      "The function takes values of this type, but not this one: a negative length, an unknown zone.",
      remedy: "Look at the function's sentence and examples: `millrace functions NAME`."),
    Entry(
      "expression.bad_conversion", "a value that cannot be converted",
      "The text or number does not spell a value of the type that it is converted to.",
      remedy: "Correct the record, or say what takes its place: try(expression, fallback)."),
    Entry(
      "expression.bad_pattern", "a pattern that is none", "The regular expression is not RE2's syntax.",
      remedy: "Write it as RE2 has it: no lookaround, no back references; backslashes are doubled in a quoted text."),
    Entry(
      "expression.constant_condition", "a condition that is always the same",
      "The condition reads nothing of the event, so all events pass it, or none.",
      remedy: "Name the field that it is meant to look at: record.FIELD."),
    Entry(
      "expression.divide_by_zero", "a division by zero", "The divisor of `/` or `%` is zero for this record.",
      remedy: "Ask first: `record.n == 0 ? 0 : record.total / record.n`."),
    Entry(
      "expression.duplicate_key", "a map with a key twice", "A map literal gives two values for one key.",
      remedy: "Remove one of them."),
    Entry(
      "expression.never_true", "a condition that holds for no event",
      "Comparisons of one field contradict each other, or the field is compared with a value that the contract does not"
        + " allow, so that no event passes.",
      remedy: "Correct the value, or write `||` where one of the comparisons is enough."),
    Entry(
      "expression.no_matching_overload", "an operator or function for other types",
      "No form of the operator or function takes values of these types; the language converts none by itself.",
      remedy: "Convert one side: double(record.quantity) * record.price, string(record.id) + \"-x\"."),
    Entry(
      "expression.no_such_field", "a member that is missing",
      "The record has no such member, so the expression has no value.",
      remedy: "Ask with has(record.field), or write record.?field.orValue(fallback)."),
    Entry(
      "expression.no_such_key", "a key that a map does not have",
      "The map has no such key, so the expression has no value.",
      remedy: "Ask with `key in map`, or write map[?key].orValue(fallback)."),
    Entry(
      "expression.no_such_overload", "an operator or function for other values",
      "This record's values are of types that the operator or function does not take together.",
      remedy: "Convert one of them, as in double(record.quantity) * record.price."),
    Entry(
      "expression.no_value", "an optional without a value", "value() was asked of an optional that holds none.",
      remedy: "Write orValue(fallback), or ask with hasValue()."),
    Entry(
      "expression.out_of_range", "a number or place out of range",
      "A result does not fit its type, or an index lies outside of its list or text.",
      remedy: "Check the record; a wider type (double, decimal) holds larger numbers."),
    Entry(
      "expression.syntax", "a broken expression", "The expression ends too early, or a part of it is misspelt.",
      remedy: "Look at the character that the message points to."),
    Entry(
      "expression.too_costly", "an expression that works too long",
      "The expression took more steps for one record than the limit allows.",
      remedy: "Look for loops within loops over long lists."),
    Entry(
      "expression.too_deep", "an expression nested too deep", "The expression has more levels than the limit allows.",
      remedy: "Split it; cel.bind(name, value, expression) names a part."),
    Entry(
      "expression.too_large", "a result too large", "A text, list or map grew beyond the limit.",
      remedy: "Look for a join, format or replace that repeats a long text."),
    Entry(
      "expression.too_long", "an expression too long", "The expression has more characters than the limit allows.",
      remedy: "Move tables of values into `values:` of a mapping."),
    Entry(
      "expression.type_mismatch", "a value of another type", "The expression must give another type here.",
      remedy: "A condition must be a boolean; compare or convert the value."),
    Entry(
      "expression.undeclared_field", "a field that the contract does not name",
      "The contract allows fields beside those that it names, and this one looks like one of them misspelt.",
      remedy: "Correct its name, or add it to the contract's `properties`."),
    Entry(
      "expression.unknown_field", "a field that the type does not have",
      "The type of this value is known, and it has no such field.",
      remedy: "Correct its name; the message names the nearest."),
    Entry(
      "expression.unknown_name", "no part of an event",
      "An expression reads the parts of an event: op, key, record, before and meta. Text stands in quotes.",
      remedy: "For a field of the record write record.FIELD, for a text 'TEXT'."),
    Entry(
      "expression.unknown_function", "a function that is not there", "There is no function of that name.",
      remedy: "`millrace functions` lists them."),
  ])
}
