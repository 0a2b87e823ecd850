import Foundation
import Testing

/// Compares a text with a file of `Goldens`; `UPDATE_GOLDENS=1` rewrites it. A file that is missing is written, and the
/// test fails, so that it is looked at.
func expectGolden(_ name: String, _ text: String, _ location: SourceLocation = #_sourceLocation) {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")
  let file = folder.appendingPathComponent(name)
  let expected = try? String(contentsOf: file, encoding: .utf8)
  if expected == text { return }
  let isUpdate = ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] == "1"
  if isUpdate || expected == nil { try? text.write(to: file, atomically: true, encoding: .utf8) }
  guard !isUpdate else { return }
  let reason = expected == nil ? "was missing and is recorded now" : "differs; look at it, then UPDATE_GOLDENS=1"
  Issue.record("golden \(name) \(reason)\n\(text)", sourceLocation: location)
}
