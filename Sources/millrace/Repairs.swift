import ConnectorKit
import Flows
import Pipelines
import Records
import Verification

/// Makes rows of a target the same again as the source's: what is missing or different passes the whole pipeline once
/// more, and what is too many is deleted by its key.
///
/// The pipeline's checkpoint is held meanwhile and does not move. What the source changes after it was read comes with
/// the next run, from the checkpoint on, and wins.
struct Repairs {
  /// What became of rows.
  struct Outcome {
    var done: UInt64 = 0
    /// The target holds a newer version, or ignores deletes.
    var kept: UInt64 = 0
    /// The first reasons why others were refused.
    var refused: UInt64 = 0
    var reasons: [String] = []

    /// The most reasons that are kept.
    private static let reasonsMax = 3

    static func += (a: inout Outcome, b: Outcome) {
      a.done += b.done
      a.kept += b.kept
      a.refused += b.refused
      for reason in b.reasons where !a.reasons.contains(reason) && a.reasons.count < reasonsMax {
        a.reasons.append(reason)
      }
    }
  }

  private let plan: Plan
  private let stream: VerifiedStream
  private let observe: @Sendable (Flow.Event) -> Void

  init(_ plan: Plan, _ stream: VerifiedStream, observe: @escaping @Sendable (Flow.Event) -> Void) {
    self.plan = plan
    self.stream = stream
    self.observe = observe
  }

  /// - Parameter deletes: whether rows that are too many may go. Not where records of the source are refused: a row may be
  ///   what became of one of them before.
  func make(_ differences: [Difference], deletes: Bool) async throws(Failure) -> Outcome {
    var outcome = Outcome()
    let events = differences.compactMap(\.event)
    if !events.isEmpty { outcome += try await send(events, plan) }
    let extra = differences.filter { $0.kind == .extra }
    let keys = extra.compactMap { stream.sourceKey(of: $0) }
    if !deletes, !extra.isEmpty {
      let reason = "records of the source are refused, and rows that are too many may be theirs: mend those first"
      outcome += Outcome(refused: UInt64(extra.count), reasons: [reason])
      return outcome
    }
    if !keys.isEmpty { outcome += try await send(keys.map(Self.delete), try Runner.resolve(plan).unconditional) }
    let unknown = extra.count - keys.count + differences.count { $0.kind == .missing && $0.event == nil }
    if unknown > 0 {
      outcome += Outcome(
        refused: UInt64(unknown),
        reasons: ["the source's key cannot be told from the target's row, so it must be mended by hand"])
    }
    return outcome
  }

  private static func delete(_ key: Value) -> String {
    let event: Value = ["op": "delete", "record": .null, "key": key, "before": .null, "meta": .null]
    return event.json
  }

  private func send(_ events: [String], _ plan: Plan) async throws(Failure) -> Outcome {
    let letters = events.enumerated().map { LetterReplay.Letter(id: "\($0)", time: "", event: $1) }
    let replay = LetterReplay(letters, table: stream.route.table, nil, wallTime: SystemTime.wallTime)
    let name = "repair-\(SystemTime.wallTime())"
    let runner = try Runner(plan, replaying: replay, repair: name, observe: observe)
    let counts: Counts
    do throws(FlowError) { counts = try await runner.flow.run().counts } catch { throw Failure(error) }
    let reasons = replay.refusals.sorted { $0.key < $1.key }.map { "[\($0.value.code)] \($0.value.message)" }
    return Outcome(
      done: counts.written, kept: counts.stale + counts.filtered, refused: counts.deadLettered, reasons: reasons)
  }
}
