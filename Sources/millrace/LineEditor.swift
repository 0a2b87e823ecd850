import CEdit
import ConnectorKit
import Glibc
import Status

/// Reads lines from whoever is there: with a prompt, a history and completion on a terminal, plainly elsewhere.
struct LineEditor {
  /// The most lines that the history keeps, in lines.
  private static let historyMax: Int32 = 1_000

  let isTerminal: Bool
  /// Where the history is kept; nil where there is no such place.
  private let history: String?

  /// - Parameter words: what the tab key completes from.
  init(words: [String]) {
    isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    history = isTerminal ? Environment.historyFile : nil
    guard isTerminal else { return }
    if let history { cedit_load_history(history, Self.historyMax) }
    // They stay for as long as the process: the editor holds on to them.
    let texts = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: words.count)
    for (index, word) in words.enumerated() { texts[index] = UnsafePointer(strdup(word)) }
    cedit_complete_from(texts, words.count)
  }

  /// nil at the end of the input.
  func next(prompt: String) -> String? {
    guard isTerminal else { return readLine() }
    guard let line = cedit_read_line(prompt) else {
      Output.write("\n", to: STDOUT_FILENO)
      return nil
    }
    defer { free(line) }
    return String(cString: line)
  }

  func remember(_ line: String) {
    guard isTerminal, line.contains(where: { !$0.isWhitespace }) else { return }
    cedit_remember(line, Self.historyMax)
    guard let history else { return }
    // A history that cannot be kept is no reason to speak up in the middle of a conversation.
    try? Files.makeFolder(Files.folder(of: history))
    _ = cedit_save_history(history)
  }
}
