/// Reads a type as it is written: `list(int)`, `map(string, dyn)`, `optional_type(T)`.
package struct TypeReader {
  private let text: [UInt8]
  private var at = 0

  /// The type that `text` names; nil where it is not well formed.
  package static func type(_ text: String) -> CELType? {
    var reader = TypeReader(text: Array(text.utf8))
    guard let type = reader.read(), reader.at == reader.text.count else { return nil }
    return type
  }

  private init(text: [UInt8]) { self.text = text }

  private mutating func read() -> CELType? {
    skipSpaces()
    let start = at
    while at < text.count, isLetter(text[at]) || isDigit(text[at]) || text[at] == UInt8(ascii: ".") { at += 1 }
    guard at > start else { return nil }
    let name = String(decoding: text[start..<at], as: UTF8.self)
    guard let parameters = readParameters() else { return nil }
    skipSpaces()
    return Self.make(name, parameters)
  }

  /// The types in parentheses; empty where there are none.
  private mutating func readParameters() -> [CELType]? {
    skipSpaces()
    guard at < text.count, text[at] == UInt8(ascii: "(") else { return [] }
    var parameters: [CELType] = []
    repeat {
      at += 1
      guard let type = read() else { return nil }
      parameters.append(type)
    } while at < text.count && text[at] == UInt8(ascii: ",")
    guard at < text.count, text[at] == UInt8(ascii: ")") else { return nil }
    at += 1
    return parameters
  }

  private mutating func skipSpaces() {
    while at < text.count, text[at] == 0x20 { at += 1 }
  }

  private static func make(_ name: String, _ parameters: [CELType]) -> CELType {
    switch (name, parameters.count) {
    case ("list", 1): .list(parameters[0])
    case ("map", 2): .map(parameters[0], parameters[1])
    case ("type", _): .type(parameters.first)
    case (_, 0): named(name)
    default: .opaque(name, parameters)
    }
  }

  private static func named(_ name: String) -> CELType {
    if let simple = simple[name] { return simple }
    // Declarations name their parameters with a capital: T, K, V.
    let isParameter = name.utf8.allSatisfy { (0x41...0x5A).contains($0) || isDigit($0) || $0 == 0x5F }
    return isParameter ? .parameter(name) : .opaque(name, [])
  }

  private static let simple: [String: CELType] = [
    "dyn": .dyn, "any": .dyn, "google.protobuf.Any": .dyn, "google.protobuf.Value": .dyn,
    "null": .null, "null_type": .null, "bool": .bool, "int": .int, "uint": .uint, "double": .double,
    "string": .string, "bytes": .bytes, "decimal": .decimal, "date": .date,
    "timestamp": .timestamp, "google.protobuf.Timestamp": .timestamp,
    "duration": .duration, "google.protobuf.Duration": .duration,
    "list": .list(.dyn), "map": .map(.dyn, .dyn),
    "google.protobuf.ListValue": .list(.dyn), "google.protobuf.Struct": .map(.string, .dyn),
    "google.protobuf.BoolValue": .nullable(.bool), "google.protobuf.BytesValue": .nullable(.bytes),
    "google.protobuf.DoubleValue": .nullable(.double), "google.protobuf.FloatValue": .nullable(.double),
    "google.protobuf.Int32Value": .nullable(.int), "google.protobuf.Int64Value": .nullable(.int),
    "google.protobuf.UInt32Value": .nullable(.uint), "google.protobuf.UInt64Value": .nullable(.uint),
    "google.protobuf.StringValue": .nullable(.string),
  ]
}
