import CRE2

/// A compiled regular expression in RE2's syntax.
///
/// `@unchecked Sendable`: the handle is set once and freed once, and RE2 may search from several threads at a time.
final class Pattern: @unchecked Sendable {
  private let handle: OpaquePointer
  /// The groups in parentheses.
  let groupCount: Int
  /// The most groups that are looked at; `\1` … `\9` name no more.
  static let groupsMax = 9

  init(_ text: String) throws(EvaluationError) {
    var text = text
    var message = [CChar](repeating: 0, count: 200)
    let made = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        cre2_compile($0.baseAddress, $0.count, Int64(ExpressionLimits.patternBytes), &message, message.count)
      }
    }
    guard let made else {
      let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw EvaluationError(
        .badPattern, "the pattern does not work: \(reason)", hint: "patterns are RE2's; write r'…' to keep backslashes")
    }
    handle = made
    groupCount = Int(cre2_groups(made))
  }

  deinit { cre2_free(handle) }

  /// Whether a part of the text matches.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    cre2_search(handle, Self.start(text), text.count, 0, nil, 0) != 0
  }

  /// The first match at or after a byte: its range and those of its groups, nil for groups that took no part.
  func firstMatch(in text: UnsafeRawBufferPointer, from start: Int) -> [Range<Int>?]? {
    let count = min(groupCount, Self.groupsMax) + 1
    var spans = [cre2_span](repeating: cre2_span(start: -1, count: 0), count: count)
    guard cre2_search(handle, Self.start(text), text.count, start, &spans, Int32(count)) != 0 else { return nil }
    return spans.map { $0.start < 0 ? nil : $0.start..<$0.start + $0.count }
  }

  /// All matches that do not overlap, from left to right; an empty one does not follow right behind another match.
  func matches(in text: UnsafeRawBufferPointer, most: Int = .max) -> [[Range<Int>?]] {
    var found: [[Range<Int>?]] = []
    var at = 0
    var lastEnd = -1
    while at <= text.count, found.count < most, let match = firstMatch(in: text, from: at), let whole = match[0] {
      if !whole.isEmpty || whole.lowerBound != lastEnd {
        found.append(match)
        lastEnd = whole.upperBound
      }
      at = whole.isEmpty ? Self.next(text, whole.upperBound) : whole.upperBound
    }
    return found
  }

  /// The start of the next character.
  private static func next(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int {
    var next = at + 1
    while next < text.count, isContinuation(text[next]) { next += 1 }
    return next
  }

  /// RE2 takes no null pointer, not even for an empty text.
  private static func start(_ text: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
    text.baseAddress?.assumingMemoryBound(to: CChar.self)
      ?? UnsafeRawPointer(empty.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static let empty: StaticString = ""
}
