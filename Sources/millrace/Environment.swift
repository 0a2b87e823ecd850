import ConnectorKit
import Glibc
import Status

/// What the program is told from outside, beside its arguments. The one place that reads the environment.
enum Environment {
  /// nil where it is not set or empty.
  static func variable(_ name: String) -> String? {
    guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else { return nil }
    return text
  }

  /// The folder of checkpoints and dead letters that name no path.
  static var stateFolder: String { variable("MILLRACE_STATE") ?? ".millrace" }

  /// Where files go that nobody needs afterwards.
  static var temporaryFolder: String { variable("TMPDIR") ?? "/tmp" }

  /// Whether a proxy for HTTP is named, in one of the variables in which libcurl looks.
  static var namesProxy: Bool {
    ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].contains { variable($0) != nil }
  }

  /// What a person edits texts with.
  static var editor: String { variable("VISUAL") ?? variable("EDITOR") ?? "vi" }

  /// Runs a command of the shell and gives its exit code.
  static func runInShell(_ command: String) -> Int32 {
    var process = pid_t()
    let words: [String] = ["sh", "-c", command]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) } + [nil]
    defer { arguments.forEach { free($0) } }
    guard posix_spawn(&process, "/bin/sh", nil, nil, &arguments, environ) == 0 else { return -1 }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// Where the lines of `millrace eval` are kept; nil without a home.
  static var historyFile: String? {
    let state = variable("XDG_STATE_HOME") ?? variable("HOME").map { Files.join($0, ".local/state") }
    return state.map { Files.join($0, "millrace/eval-history") }
  }

  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb" }

  /// https://no-color.org
  static var wantsColour: Bool { variable("NO_COLOR") == nil }

  /// Of what is written to standard error.
  static var style: Style { Style(coloured: isTerminal && wantsColour) }

  /// Of what is written to standard output.
  static var answerStyle: Style {
    Style(coloured: isatty(STDOUT_FILENO) == 1 && variable("TERM") != "dumb" && wantsColour)
  }

  /// How many characters a line of standard output takes: the terminal's, 80 elsewhere.
  static var answerWidth: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 80 }
    return Int(size.ws_col)
  }

  /// What the references of pipeline files stand for.
  static let secrets = SecretSource(
    variable: { name in getenv(name).map { String(cString: $0) } },
    file: { path in
      guard let info = try? Files.info(path), info.size <= secretBytesMax,
        let bytes = try? DurableFile(path, for: .reading).read(at: 0, count: secretBytesMax)
      else { return nil }
      return String(validating: bytes, as: UTF8.self)
    })

  /// A file of more bytes is no secret.
  private static let secretBytesMax = 1 << 20

  /// How many processors the machine has.
  static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
