import ArgumentParser
import Records
import Status

/// One of the program's commands.
protocol Command: AsyncParsableCommand {
  var output: OutputOptions { get }
  func perform() async throws(Failure) -> ExitStatus
}

extension Command {
  func run() async throws {
    let status: ExitStatus
    do throws(Failure) {
      status = try await perform()
    } catch {
      error.tell(json: output.json, style: Environment.style)
      throw ExitCode(error.exit.code)
    }
    guard status == .done else { throw ExitCode(status.code) }
  }

  /// For standard error, unless the user wants it quiet.
  func say(_ text: String) {
    if !output.quiet { Output.write(text + "\n", to: 2) }
  }

  /// For standard output: JSON where it was asked for, text otherwise.
  func answer(_ json: @autoclosure () -> Value, text: @autoclosure () -> String) {
    Output.answer(output.json ? json().json : text())
  }
}
