/// Types whose binary form is written and read here. A table with any other is written in COPY's text, and of a column
/// with any other the server sends the text.
///
/// The server reads the binary form of numbers and times in two thirds of the time that it takes for their text.
enum BinaryForm: UInt8, Sendable {
  /// The bytes of the text itself.
  case text
  case jsonb, bytes, bool, int2, int4, int8, float4, float8, numeric, date, timestamp, timestampWithZone, uuid

  /// - Parameters:
  ///   - base: the name of the type in pg_type, below domains.
  ///   - isEnum: whether it is an enum, whose form is its label.
  init?(base: String, isEnum: Bool) {
    switch base {
    case "text", "varchar", "bpchar", "json": self = .text
    case "jsonb": self = .jsonb
    case "bytea": self = .bytes
    case "bool": self = .bool
    case "int2": self = .int2
    case "int4": self = .int4
    case "int8": self = .int8
    case "float4": self = .float4
    case "float8": self = .float8
    case "numeric": self = .numeric
    case "date": self = .date
    case "timestamp": self = .timestamp
    case "timestamptz": self = .timestampWithZone
    case "uuid": self = .uuid
    default:
      if !isEnum { return nil }
      self = .text
    }
  }
}

extension TableSchema.Column {
  /// What the server is asked for; the digits of a fraction to the base of two are best written by itself.
  var readForm: BinaryForm { binary.map { $0 == .float4 || $0 == .float8 ? .text : $0 } ?? .text }

  /// The column in a SELECT whose rows are copied out in binary form.
  func selected(_ prefix: String = "") -> String {
    let name = prefix + SQLName.quoted(name)
    if readForm != .text || binary == .text { return name }
    // As the type writes itself, which a cast to text does not do for every type; and a row of nulls is no null.
    return "CASE WHEN num_nulls(\(name)) = 0 THEN concat(\(name)) END"
  }
}

/// COPY's binary format around the rows.
enum BinaryCopy {
  /// The signature, no flags, no extension; and the length of the signature.
  static let signature = 11
  static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [0, 0, 0, 0, 0, 0, 0, 0]
  static let trailer: [UInt8] = [0xff, 0xff]
}
