import Records

/// The encoders extension.
enum EncoderFunctions {
  static let all: [Function] = [
    Function(
      "base64.encode", .encoders, "Bytes as base64 text.",
      [.function(.bytes, .string) { bytes throws(EvaluationError) in .string(Base64.encode(try bytes.bytes())) }],
      examples: ["base64.encode(b'hello')": "'aGVsbG8='"]),
    Function(
      "base64.decode", .encoders, "The bytes of a base64 text, with or without padding.",
      [
        .function(.string, .bytes) { text throws(EvaluationError) in
          let text = try text.string()
          guard let bytes = Base64.decode(text.utf8) else {
            throw EvaluationError(.badConversion, "this text is no base64")
          }
          return .bytes(bytes)
        }
      ], examples: ["base64.decode('aGVsbG8=')": "b'hello'"]),
  ]
}
