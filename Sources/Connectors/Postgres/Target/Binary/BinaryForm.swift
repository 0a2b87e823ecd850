/// Types whose binary form is written here; a table with any other is written in COPY's text.
///
/// The server reads the binary form of numbers and times in two thirds of the time that it takes for their text.
enum BinaryForm: Sendable, Equatable {
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

/// COPY's binary format around the rows.
enum BinaryCopy {
  /// The signature, no flags, no extension.
  static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [0, 0, 0, 0, 0, 0, 0, 0]
  static let trailer: [UInt8] = [0xff, 0xff]
}
