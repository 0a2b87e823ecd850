import Status

extension String {
  /// With spaces behind it, up to a width.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// The spaces that follow it up to a width.
  func padding(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) }

  /// Cut at a width, with `…` where something is missing.
  func cut(to width: Int) -> String {
    count <= width ? self : String(prefix(max(0, width - 1))) + "…"
  }

  /// Broken between words, so that no line is longer than the width unless a word is.
  func wrapped(to width: Int, indent: String = "") -> String {
    var lines: [String] = []
    var line = indent
    for word in split(separator: " ") {
      if line.count > indent.count, line.count + 1 + word.count > width {
        lines.append(line)
        line = indent
      }
      line += (line.count > indent.count ? " " : "") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
