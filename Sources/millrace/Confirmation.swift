import Glibc
import Status

/// Asks before something that cannot be taken back.
enum Confirmation {
  /// - Parameter effect: what will happen, one or more sentences.
  static func ask(_ pipeline: String, _ effect: String, yes: Bool) throws(Failure) {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1 else {
      throw Failure(nil, "\(effect) Nobody is there to be asked.", hint: "Add --yes to do it.", exit: .usage)
    }
    Output.write("\(pipeline): \(effect)\nGo on? [y/N] ", to: STDERR_FILENO)
    let reply = readLine()?.lowercased()
    guard reply == "y" || reply == "yes" else { throw Failure(nil, "Nothing was changed.", exit: .failed) }
  }
}
