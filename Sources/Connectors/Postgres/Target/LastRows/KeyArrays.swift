import Records

/// Keys as parameters of one statement: an array a column, in the binary form.
struct KeyArrays: ~Copyable {
  private let forms: [BinaryForm]
  private var columns: [[UInt8]]
  private(set) var count = 0

  init(_ forms: [BinaryForm]) {
    self.forms = forms
    columns = forms.map { _ in [] }
  }

  /// - Parameter key: its columns one after the other, each with its length.
  mutating func append(_ key: UnsafeRawBufferPointer) {
    var at = 0
    for column in columns.indices {
      let length = Int(Int32(bigEndian: key.loadUnaligned(fromByteOffset: at, as: Int32.self)))
      columns[column] += key[at..<at + 4 + length]
      at += 4 + length
    }
    count += 1
  }

  /// The arrays, each with its length before it.
  var cells: [UInt8] {
    var out = ByteBuffer()
    for (form, elements) in zip(forms, columns) {
      // Dimensions, whether there are nulls, the elements' type, how many, and where counting begins.
      let header: [Int32] = [1, 0, form.elementType, Int32(count), 1]
      BinaryCells.append(Int32(header.count * 4 + elements.count), to: &out)
      for number in header { BinaryCells.append(number, to: &out) }
      elements.withUnsafeBytes { out.append($0) }
    }
    return Array(out.bytes)
  }
}

extension BinaryForm {
  /// The server's number for a type of this form, the same on every server.
  fileprivate var elementType: Int32 {
    switch self {
    case .bool: 16
    case .bytes: 17
    case .int8: 20
    case .int2: 21
    case .int4: 23
    case .text: 25
    case .float4: 700
    case .float8: 701
    case .date: 1_082
    case .timestamp: 1_114
    case .timestampWithZone: 1_184
    case .numeric: 1_700
    case .uuid: 2_950
    case .jsonb: 3_802
    }
  }

  var elementName: String {
    switch self {
    case .bytes: "bytea"
    case .timestampWithZone: "timestamptz"
    case .bool: "bool"
    case .int2: "int2"
    case .int4: "int4"
    case .int8: "int8"
    case .text: "text"
    case .float4: "float4"
    case .float8: "float8"
    case .date: "date"
    case .timestamp: "timestamp"
    case .numeric: "numeric"
    case .uuid: "uuid"
    case .jsonb: "jsonb"
    }
  }
}
