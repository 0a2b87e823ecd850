import ArgumentParser
import ConnectorKit
import Flows
import Pipelines
import Records
import Status
import Synchronization
import Verification

struct VerifyCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare what the target holds with what the source holds.",
    usage: "millrace verify <file> [--repair] [--limit <n>] [<options>]",
    discussion: """
      Reads both sides once, takes the source's rows through the transforms and mappings, and compares checksums; where \
      they are not the same, down to the keys and fields that differ. A pipeline that is running is a little behind: \
      what differs is looked at again after --settle, and counts only when it is still the same. --repair sends the rows \
      that are missing or different through the pipeline again and deletes those that are too many; the pipeline must not \
      be running then. Exit code 4 where the sides differ.

      Example:
        millrace verify products.yaml
        millrace verify products.yaml --json
        millrace verify products.yaml --repair
      """)

  @OptionGroup var pipeline: PipelineArgument

  @Flag(help: "Make the rows that differ the same again.")
  var repair = false

  @Option(name: [.short, .long], help: "The most differences that are shown.")
  var limit = 20

  @Option(help: "How long a running pipeline gets to catch up before a difference counts.")
  var settle = "5s"

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit must be at least 0.") }
    if settleTime == nil { throw ValidationError("`\(settle)` is no time: write --settle 5s.") }
  }

  /// nil where the text is no time.
  private var settleTime: Duration? {
    var loader = SettingLoader()
    return Duration.read(ConfigNode(.string(settle)), &loader)
  }

  func perform() async throws(Failure) -> ExitStatus {
    Signals.ignoreClosedPipes()
    let plan = try pipeline.plan()
    if repair, let reason = plan.target.refusesReplay {
      throw Failure(
        "verify.no_repair", reason, hint: "Reset the checkpoint and run the pipeline again.", exit: .surroundings)
    }
    // Held until the end, so that no run starts meanwhile.
    let held = FileCheckpoints(path: plan.checkpoint.path)
    if repair { do throws(FlowError) { _ = try await held.open() } catch { throw Failure(error) } }
    let meter = RowMeter(
      Console(isTerminal: Environment.isTerminal && !output.quiet, style: Environment.style), plan.name)
    let report: VerifyReport
    do throws(Failure) {
      report = try await compare(plan, meter)
    } catch {
      meter.end()
      await held.close()
      throw error
    }
    meter.end()
    await held.close()
    answer(report.json, text: VerifyText(style: Environment.answerStyle, width: Environment.answerWidth).text(report))
    return report.isEqual ? .done : .deadLetters
  }

  /// How much is read at once, in bytes.
  private static let batchBytes = 256 << 10

  private func compare(_ plan: Plan, _ meter: RowMeter) async throws(Failure) -> VerifyReport {
    let began = SystemTime.now()
    let resolved = try Runner.resolve(plan)
    var context = Context.looking(resolved, batchBytes: Self.batchBytes)
    context.endsOnceRead = true
    context.sleep = { time in
      await SystemTime.sleep(time)
      return !Task.isCancelled
    }
    var report = VerifyReport(pipeline: plan.name, shownMax: limit)
    let settle = settling(plan)
    var verification = try await Failure.of { () throws(ConnectorError) in
      try await Verification(resolved, context, settle: settle) { meter.add($0) }
    }
    try await Failure.of { () throws(ConnectorError) in try await verification.begin() }
    while let found = try await Failure.of({ () throws(ConnectorError) in try await verification.next() }) {
      report.show(found.differences, of: found.stream)
      guard repair else { continue }
      let repairs = Repairs(plan, verification.streams[found.stream], observe: { _ in })
      report.repaired += try await repairs.make(found.differences, deletes: verification.refused == 0)
    }
    report.take(verification)
    report.seconds = (SystemTime.now() - began).seconds
    return report
  }

  /// Waits for a pipeline that may be a little behind; nil where nothing is on its way.
  private func settling(_ plan: Plan) -> (@Sendable () async -> Bool)? {
    let isLive = plan.source.goesOn || FileCheckpoints.runner(of: plan.checkpoint.path).isRunning
    guard isLive, !repair, let time = settleTime else { return nil }
    return {
      await SystemTime.sleep(time)
      return true
    }
  }
}

extension Failure {
  /// What a connector could not do, as a failure of the command.
  fileprivate static func of<T>(_ body: () async throws(ConnectorError) -> T) async throws(Failure) -> T {
    do throws(ConnectorError) { return try await body() } catch { throw Failure(error) }
  }
}

/// Tells people who wait how many rows were read.
private final class RowMeter: Sendable {
  /// How many rows pass between two looks at the line, in rows.
  private static let every = 50_000

  private let console: Console
  private let pipeline: String
  private let rows = Mutex<(all: UInt64, shown: UInt64)>((0, 0))

  init(_ console: Console, _ pipeline: String) {
    self.console = console
    self.pipeline = pipeline
  }

  func add(_ more: Int) {
    let all = rows.withLock { rows -> UInt64? in
      rows.all += UInt64(more)
      guard rows.all - rows.shown >= UInt64(Self.every) else { return nil }
      rows.shown = rows.all
      return rows.all
    }
    if let all { console.show("\(pipeline): \(Quantity.count(all)) rows compared") }
  }

  func end() { console.show("") }
}
