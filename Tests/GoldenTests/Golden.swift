import Foundation
import Testing

/// What the program says, compared with what it said when somebody looked at it.
enum Golden {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Goldens")
  /// `UPDATE_GOLDENS=1` writes the files anew; look at the difference before it goes in.
  private static let updates = ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] == "1"

  static func check(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try check(text, file: folder.appendingPathComponent(name), sourceLocation: sourceLocation)
  }

  /// A file that is not there is written, and the test fails: somebody must look at it.
  static func check(_ text: String, file: URL, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let known = try? String(contentsOf: file, encoding: .utf8)
    if updates || known == nil {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    guard !updates else { return }
    guard let known else {
      Issue.record(
        "\(file.lastPathComponent) was missing and is written now; look at it", sourceLocation: sourceLocation)
      return
    }
    #expect(
      text == known, "\(file.lastPathComponent) differs; UPDATE_GOLDENS=1 writes it anew",
      sourceLocation: sourceLocation)
  }
}

extension String {
  /// With what differs from run to run replaced: times, durations, rates, the file system's numbers.
  var settled: String {
    let patterns = [
      (#"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"#, "TIME"), (#"[\d,.]+ records/s"#, "RATE records/s"),
      (#""seconds":[\d.]+"#, "\"seconds\":SECONDS"), (#""inode":\d+"#, "\"inode\":INODE"),
      (#" in \d[\d.]* m?s, "#, " in DURATION, "), (#"[\d.]+ m?s ago"#, "DURATION ago"),
      (#"TIME, (\d+ m \d\d s|DURATION) ago"#, "TIME, DURATION ago"),
    ]
    return patterns.reduce(self) { text, pattern in
      text.replacingOccurrences(of: pattern.0, with: pattern.1, options: .regularExpression)
    }
  }
}
