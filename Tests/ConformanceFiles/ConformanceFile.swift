import Glibc
import Records

/// Files of the standards' own suites, read from `MILLRACE_CONFORMANCE` or from `shared/conformance` beside the checkout.
package enum ConformanceFile {
  /// The values of a file of JSON lines; none where the file is not there.
  package static func lines(_ name: String) throws -> [Value] {
    try text(name).split(separator: "\n").map { try Value(json: String($0)) }
  }

  /// The text of a file; empty where it is not there.
  package static func text(_ name: String) -> String {
    let folder = getenv("MILLRACE_CONFORMANCE").map { String(cString: $0) } ?? besideCheckout
    guard let file = fopen("\(folder)/\(name)", "r") else { return "" }
    defer { fclose(file) }
    var bytes = ByteBuffer()
    while true {
      bytes.reserve(1 << 16)
      let read = fread(bytes.end, 1, 1 << 16, file)
      if read == 0 { break }
      bytes.advance(by: read)
    }
    return bytes.text
  }

  private static var besideCheckout: String {
    let here = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(here)/../shared/conformance"
  }
}
