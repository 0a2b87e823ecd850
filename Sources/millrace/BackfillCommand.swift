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
      far it is. A part of what a pipeline follows is loaded while that pipeline runs or stands, and no change is \
      overwritten: it waits with its own rows as long as a part takes, so load large parts in shards.

      Example:
        millrace backfill products.yaml
        millrace backfill products.yaml --shard 2/8 --rate 5000/s
        millrace backfill products.yaml --from 1000 --to 2000
        millrace backfill products.yaml --where "updated_at >= '2026-01-01'" --restart
      """)

  @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @Option(help: "Only rows that meet this condition, in the source's own language.")
  var `where`: String?

  @Option(help: "From this key on; a key of several columns is a JSON array.")
  var from: String?

  @Option(help: "Up to this key, which is not loaded.")
  var to: String?

  @Option(help: "One of several parts that together are everything: 2/8 is the second of eight.")
  var shard: String?

  @Option(help: "The most records in a time: 5000/s.")
  var rate: String?

  @Flag(help: "Forget how far an earlier backfill came, and load from the beginning.")
  var restart = false

  @Flag(help: "Go on with what comes later, without a gap and without doubling.")
  var thenRun = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let shard, Self.shard(shard) == nil {
      throw ValidationError(
        "`\(shard)` is no part: write --shard 2/8 for the second of eight, of at most \(SourcePart.Shard.countMax).")
    }
    if let rate, Self.rate(rate) == nil { throw ValidationError("`\(rate)` is no rate: write --rate 5000/s.") }
    let isPart = `where` != nil || from != nil || to != nil || shard != nil
    if thenRun, isPart {
      throw ValidationError("--then-run goes on after everything was loaded; a part has nothing to go on with.")
    }
  }

  func perform() async throws(Failure) -> ExitStatus {
    Signals.ignoreClosedPipes()
    let whole = try PipelineFiles.one(file)
    let part = part
    try check(whole, part)
    var plan = whole.loading(part)
    plan.isBackfill = !thenRun
    if let rate = rate.flatMap(Self.rate) { plan.limits.rate = rate.perSecond }
    if restart { try await CheckpointMove(plan, output, asks: false).forget() }
    try tellDone(plan)
    let held = try await prepare(&plan, beside: whole)
    let console = Console(isTerminal: Environment.isTerminal, style: Environment.style)
    let reporter = Reporter(console, level: output.level, format: output.logFormat, showsProgress: !output.quiet)
    let status = await Runs(console, reporter, output).run([plan], until: thenRun ? .stopped : .read)
    await held?.close()
    return status
  }

  private var part: SourcePart {
    var part = SourcePart()
    part.condition = `where`
    part.from = from.map(Self.key)
    part.to = to.map(Self.key)
    part.shard = shard.flatMap(Self.shard)
    return part
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
        hint: "Leave out --then-run, or let the source go on (for a file `follow: true`).", exit: .usage)
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

  /// Says so where an earlier backfill has loaded everything.
  private func tellDone(_ plan: Plan) throws(Failure) {
    do throws(FlowError) {
      guard !thenRun, try FileCheckpoints.read(plan.checkpoint.path)?.stage == .finished else { return }
    } catch {
      throw Failure(error)
    }
    say("\(plan.name): everything was loaded before; --restart loads it again.")
  }

  private static func rate(_ text: String) -> Rate? {
    var loader = SettingLoader()
    return Rate.read(ConfigNode(.string(text)), &loader)
  }

  /// `2/8`
  private static func shard(_ text: String) -> SourcePart.Shard? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    return SourcePart.Shard(number, of: count)
  }

  /// A key's texts: of one column as it stands, of several as a JSON array.
  private static func key(_ text: String) -> [String] {
    guard text.hasPrefix("["), let items = (try? Value(json: text))?.array else { return [text] }
    return items.map { $0.string ?? $0.json }
  }
}
