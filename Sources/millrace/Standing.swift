import ConnectorKit
import Flows
import Pipelines
import Records
import Status

/// Where a pipeline stands, without touching it: its checkpoint, its source, its dead letters.
struct Standing: Sendable {
  let plan: Plan
  let checkpoint: Checkpoint?
  /// The run that holds the checkpoint.
  let runner: FileCheckpoints.Run
  /// What the source holds; nil where it does not say, or cannot be asked.
  let extent: Extent?
  /// How far the target is behind a source that has a log.
  let lag: Lag?
  /// Dead letters that nobody has worked through, those that somebody has, and those that were kept no longer.
  let letters: (open: Int, done: Int, expired: Int)
  /// Why the source could not be asked.
  let sourceFailure: Failure?

  init(_ plan: Plan) async throws(Failure) {
    self.plan = plan
    do throws(FlowError) { checkpoint = try FileCheckpoints.read(plan.checkpoint.path) } catch { throw Failure(error) }
    let found = try OpenLetters(plan)
    letters = (found.letters.count, found.done, found.expired)
    runner = FileCheckpoints.runner(of: plan.checkpoint.path)
    do throws(Failure) {
      (extent, lag) = try await Self.look(at: plan, checkpoint?.position)
      sourceFailure = nil
    } catch {
      (extent, lag) = (nil, nil)
      sourceFailure = error
    }
  }

  static func extent(of plan: Plan, at position: Position?) async throws(Failure) -> Extent? {
    try await look(at: plan, position).0
  }

  /// Opens the source at a position and asks how much there is.
  private static func look(at plan: Plan, _ position: Position?) async throws(Failure) -> (Extent?, Lag?) {
    let plan = try Runner.resolve(plan)
    do throws(ConnectorError) {
      let source = try plan.source.makeSource(.looking(plan))
      try await source.open(at: position)
      let found = (await source.extent(), try await source.lag())
      await source.close()
      return found
    } catch {
      throw Failure(error)
    }
  }

  /// Why the next run would refuse this checkpoint.
  var refusal: Failure? {
    guard let checkpoint, checkpoint.runs > 0 else { return nil }
    do throws(FlowError) {
      try checkpoint.check(
        pipeline: plan.name, fingerprint: plan.fingerprint, lanes: plan.lanes, path: plan.checkpoint.path)
      return nil
    } catch {
      return Failure(error)
    }
  }

  /// How much is still to be read.
  var left: UInt64? { extent.map { $0.total - min($0.total, $0.done) } ?? lag?.bytes }

  /// What a run would do now, one sentence.
  var nextRun: String {
    if let refusal { return "refuses: \(refusal.message)" }
    if let sourceFailure { return "cannot start: \(sourceFailure.message)" }
    let amount = left.map { left in
      (extent?.unit ?? .bytes) == .bytes ? Quantity.bytes(left) : Quantity.count(left, "row")
    }
    guard checkpoint?.position != nil else {
      return "starts at the beginning" + (amount.map { ", with \($0) to read" } ?? "")
    }
    if left == 0 { return "goes on from the checkpoint; nothing new to read now" }
    return "goes on from the checkpoint" + (amount.map { ", with \($0) to read" } ?? "")
  }

  var json: Value {
    [
      "pipeline": .string(plan.name), "running": .bool(runner.isRunning),
      "process": runner.process.flatMap { Int64($0) }.map { .int($0) } ?? .null,
      "trouble": runner.trouble.map { .string($0) } ?? .null,
      "checkpoint": checkpoint.map { $0.summary(path: plan.checkpoint.path) } ?? .null,
      "runs": .int(Int64(clamping: checkpoint?.runs ?? 0)), "totals": (checkpoint?.totals ?? Counts()).value,
      "lag": lagValue, "next_run": .string(nextRun), "dead_letters": .string(plan.deadLetters.path),
      "open_dead_letters": .int(Int64(letters.open)), "done_dead_letters": .int(Int64(letters.done)),
      "expired_dead_letters": .int(Int64(letters.expired)),
    ]
  }

  private var lagValue: Value {
    let left = left.map { Value.int(Int64(clamping: $0)) } ?? .null
    return [
      "bytes": (extent?.unit ?? .bytes) == .bytes ? left : .null, "rows": extent?.unit == .rows ? left : .null,
      "events": lag?.events.map { .int(Int64(clamping: $0)) } ?? .null,
      "seconds": lag?.seconds == nil ? age.map { .int($0 / 1_000) } ?? .null : lag?.secondsValue ?? .null,
    ]
  }

  /// Milliseconds since the checkpoint was saved; nil where all is read, so that nothing waits.
  private var age: Int64? {
    guard let checkpoint, left != 0 else { return nil }
    return max(0, SystemTime.wallTime() - checkpoint.savedAt)
  }
}

extension Context {
  /// For looking at a source, outside of a flow.
  static func looking(_ plan: Plan, folder: String? = nil, batchBytes: Int = 64 << 10) -> Context {
    var context = looking(pipeline: plan.name, folder: folder ?? plan.folder, batchBytes: batchBytes)
    context.wants = plan.wants
    context.part = plan.part
    return context
  }

  static func looking(pipeline: String, folder: String, batchBytes: Int = 64 << 10) -> Context {
    var context = Context(
      pipeline: pipeline, folder: folder, batchBytes: batchBytes, sleep: { _ in false }, note: { _ in })
    context.onlyLooks = true
    return context
  }
}
