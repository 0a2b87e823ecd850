import ConnectorKit

/// The first bytes of a text that say how it is written.
enum ByteOrderMark: String {
  case utf8 = "UTF-8"
  case utf16 = "UTF-16"
  case utf32 = "UTF-32"

  /// The longest mark, in bytes.
  static let length = 4

  init?(_ bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
      self = .utf8
    } else if bytes.starts(with: [0xff, 0xfe, 0, 0]) || bytes.starts(with: [0, 0, 0xfe, 0xff]) {
      self = .utf32
    } else if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      self = .utf16
    } else {
      return nil
    }
  }

  /// How many bytes the mark at the begin of a text takes; throws where it is not written in UTF-8.
  static func check(_ bytes: UnsafeRawBufferPointer, name: String) throws(ConnectorError) -> Int {
    guard let mark = ByteOrderMark(bytes) else { return 0 }
    if mark == .utf8 { return 3 }
    throw ConnectorError(
      "file.not_utf8", "\(name) is written in \(mark.rawValue); millrace reads UTF-8.", remedy: .stop,
      hint: "Convert it first: iconv -f \(mark.rawValue) -t UTF-8 FILE > NEW-FILE.")
  }
}
