/// Text beyond ASCII.
enum TextFunctions {
  static let all: [Function] = [
    Function(
      "upper", .data, "The text in upper case, in all scripts.",
      [.method(.string, .string) { text throws(EvaluationError) in .string(try text.string().uppercased()) }],
      examples: ["'straße'.upper()": "'STRASSE'"]),
    Function(
      "lower", .data, "The text in lower case, in all scripts.",
      [.method(.string, .string) { text throws(EvaluationError) in .string(try text.string().lowercased()) }],
      examples: ["'ÀÉ'.lower()": "'àé'"]),
    Function(
      "normalize", .data, "The text in Unicode's composed form (NFC), or decomposed (NFD).",
      [
        .method(.string, .string) { text throws(EvaluationError) in .string(Normalization.composed(try text.string()))
        },
        .method(.string, .string, .string) { text, form throws(EvaluationError) in
          switch try form.string() {
          case "NFC": return .string(Normalization.composed(try text.string()))
          case "NFD": return .string(Normalization.decomposed(try text.string()))
          case let other:
            throw EvaluationError(.badArgument, "there is no form `\(other)`", hint: "there is NFC and NFD")
          }
        },
      ], examples: [#"'e\u0301'.normalize() == '\u00e9'"#: "true"]),
  ]
}
