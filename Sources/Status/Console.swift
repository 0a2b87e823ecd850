import Glibc
import Synchronization

/// Standard error: whole lines, and on a terminal one line at the bottom that is rewritten in place.
package final class Console: Sendable {
  private let bottom = Mutex("")
  package let isTerminal: Bool
  package let style: Style

  package init(isTerminal: Bool, style: Style) {
    self.isTerminal = isTerminal
    self.style = style
  }

  /// Writes a line above the bottom one.
  package func say(_ line: String) {
    bottom.withLock { bottom in
      Output.write(Self.erase(bottom) + line + "\n" + bottom, to: STDERR_FILENO)
    }
  }

  /// Rewrites the bottom line; empty removes it. Only for terminals.
  package func show(_ line: String) {
    bottom.withLock { bottom in
      guard isTerminal, line != bottom else { return }
      Output.write(Self.erase(bottom) + line, to: STDERR_FILENO)
      bottom = line
    }
  }

  private static func erase(_ bottom: String) -> String { bottom.isEmpty ? "" : "\r\u{1B}[K" }

  /// How many characters a line of the terminal takes, less the one that would wrap it.
  package var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 79 }
    return Int(size.ws_col) - 1
  }
}

/// Text for standard output and error.
package enum Output {
  /// Writes all of it. What cannot be written has no reader, so nobody misses it.
  package static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  /// A line on standard output: an answer.
  package static func answer(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
}
