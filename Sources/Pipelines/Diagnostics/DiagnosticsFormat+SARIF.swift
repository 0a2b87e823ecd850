import ConnectorKit
import Records

// SARIF 2.1.0, the format of OASIS that code scanning reads.
extension DiagnosticsReport {
  func sarif(_ codes: CodeBook, version: String) -> Value {
    let items = diagnostics.sorted
    let used = Set(items.map(\.code)).sorted()
    return [
      "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": "millrace", "version": .string(version), "rules": .array(used.map { rule($0, codes[$0]) }),
            ]
          ],
          "columnKind": "unicodeCodePoints",
          "results": .array(items.map { result($0, ruleIndex: used.firstIndex(of: $0.code) ?? 0) }),
        ]
      ],
    ]
  }

  private func rule(_ code: String, _ entry: CodeBook.Entry?) -> Value {
    guard let entry else { return ["id": .string(code)] }
    return [
      "id": .string(code), "shortDescription": ["text": .string(entry.title)],
      "fullDescription": ["text": .string(entry.meaning)], "help": ["text": .string(entry.remedy)],
    ]
  }

  private func result(_ item: Diagnostic, ruleIndex: Int) -> Value {
    let message = item.hint.map { "\(item.message); \($0)" } ?? item.message
    return [
      "ruleId": .string(item.code), "ruleIndex": .int(Int64(ruleIndex)), "level": .string(item.severity.rawValue),
      "message": ["text": .string(message)],
      "locations": [
        [
          "physicalLocation": [
            "artifactLocation": ["uri": .string(Self.uri(item.place.file))], "region": region(item.place),
          ],
          "logicalLocations": item.path.isEmpty ? [] : [["fullyQualifiedName": .string(item.path)]],
        ]
      ],
    ]
  }

  private func region(_ place: Place) -> Value {
    [
      "startLine": .int(Int64(place.line)), "startColumn": .int(Int64(place.column)),
      "endLine": .int(Int64(place.endLine)), "endColumn": .int(Int64(place.endColumn)),
    ]
  }

  /// The path as a relative reference of RFC 3986: all but unreserved characters and slashes are percent-encoded.
  private static func uri(_ path: String) -> String {
    let plain = Array("-._~/".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    let encoded = path.utf8.flatMap { byte -> [UInt8] in
      let letter = Unicode.Scalar(byte)
      let isWord = letter.isASCII && (letter.properties.isAlphabetic || letter.properties.numericType != nil)
      return isWord || plain.contains(byte)
        ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
