import ArgumentParser
import ConnectorKit
import Flows
import Pipelines
import Records
import Status

struct BackfillCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "backfill",
    abstract: "Load everything that exists into the target, or a part of it.",
    usage: "millrace backfill <file> [--shard <i/n>] [--then-run] [<options>]",
    discussion: """
      Goes on where it was after a stop or a kill. A part (--where, --from, --to, --shard) has a checkpoint and dead \
      letters of its own, so that parts can be loaded side by side; without one, the pipeline's own checkpoint says how \
      far it is. A part of what a pipeline follows is loaded while that pipeline runs or stands, in short turns \
      with it, and no change is overwritten.

      Example:
        millrace backfill products.yaml
        millrace backfill products.yaml --shard 2/8 --rate 5000/s
        millrace backfill products.yaml --from 1000 --to 2000
        millrace backfill products.yaml --where "updated_at >= '2026-01-01'" --restart
      """)

  @OptionGroup var pipeline: PipelineArgument

  @OptionGroup(title: "Part") var chosen: PartOptions

  @Option(help: "The most records in a time: 5000/s.")
  var rate: String?

  @Flag(help: "Forget how far an earlier backfill came, and load from the beginning.")
  var restart = false

  @Flag(help: "Go on with what comes later, without a gap and without doubling.")
  var thenRun = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let rate, Self.rate(rate) == nil { throw ValidationError("`\(rate)` is no rate: write --rate 5000/s.") }
    if thenRun, !chosen.part.isWhole {
      throw ValidationError("--then-run goes on after everything was loaded; a part has nothing to go on with.")
    }
  }

  func perform() async throws(Failure) -> ExitStatus {
    Signals.ignoreClosedPipes()
    let whole = try pipeline.plan(ends: !thenRun)
    let part = chosen.part
    try check(whole, part)
    var plan = whole.loading(part)
    plan.isBackfill = !thenRun
    if let rate = rate.flatMap(Self.rate) { plan.limits.rate = rate.perSecond }
    if restart { try await CheckpointMove(plan, output, asks: false).forget() }
    try tellDone(plan)
    let held = try await prepare(&plan, beside: whole)
    let console = Console(isTerminal: Environment.isTerminal, style: Environment.style)
    let status = await Runs(console, output.reporter(console), output).run([plan], until: thenRun ? .stopped : .read)
    await held?.close()
    return status
  }

  private func check(_ plan: Plan, _ part: SourcePart) throws(Failure) {
    let about = type(of: plan.source).about
    if !part.isWhole, !about.takesParts {
      throw Failure(
        "backfill.no_parts", "The source `\(plan.sourceType)` cannot be loaded in parts.",
        hint: "Leave out --where, --from, --to and --shard: everything is loaded.", exit: .usage)
    }
    if thenRun, !plan.source.goesOn {
      throw Failure(
        "backfill.nothing_follows", "The source `\(plan.sourceType)` ends with what exists: nothing follows it.",
        hint:
          "Leave out --then-run, or let the source go on: `follow: true` for a file, `read: snapshot_then_stream` for tables.",
        exit: .usage)
    }
  }

  /// A part of what a pipeline follows is loaded while that pipeline stores nothing: in turns with it where the target
  /// can do that, and otherwise while it does not run. What has changed since the rows were read comes with the stream,
  /// and wins.
  ///
  /// - Returns: what keeps the pipeline from being run, as long as it lives.
  private func prepare(_ plan: inout Plan, beside whole: Plan) async throws(Failure) -> FileCheckpoints? {
    guard !plan.part.isWhole, whole.source.goesOn else { return nil }
    let held = FileCheckpoints(path: whole.checkpoint.path)
    let takesTurns = (whole.target as? any TurnTakingTargetConnector)?.takesTurns(lanes: whole.lanes) ?? false
    let checkpoint: Checkpoint?
    do throws(FlowError) {
      checkpoint = try await takesTurns ? FileCheckpoints.read(whole.checkpoint.path) : held.open()
    } catch {
      throw Failure(error)
    }
    guard checkpoint?.position != nil else {
      throw Failure(
        "backfill.not_begun",
        "The pipeline has not run yet, so nothing follows the changes of rows that are loaded now.",
        hint: "Run it first: `millrace run --once` is enough.", exit: .usage)
    }
    guard takesTurns else { return held }
    plan.beside = whole.name
    return nil
  }

  /// Says so where an earlier backfill came to its end. Whether the source has more behind it shows when it is read.
  private func tellDone(_ plan: Plan) throws(Failure) {
    let done: Position
    do throws(FlowError) {
      let checkpoint = try FileCheckpoints.read(plan.checkpoint.path)
      guard !thenRun, let checkpoint, checkpoint.stage == .finished, let position = checkpoint.position else { return }
      done = position
    } catch {
      throw Failure(error)
    }
    say(
      "\(plan.name): goes on behind what was loaded before (\(plan.source.describe(done))); --restart loads everything again."
    )
  }

  private static func rate(_ text: String) -> Rate? {
    var loader = SettingLoader()
    return Rate.read(ConfigNode(.string(text)), &loader)
  }
}
