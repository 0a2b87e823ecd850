import ConnectorKit
import Flows
import Glibc
import Pipelines
import Records
import Status

/// Moves a checkpoint: looks, says what follows, asks, and moves it while no run holds it.
struct CheckpointMove {
  let plan: Plan
  let output: OutputOptions
  let asks: Bool

  init(_ plan: Plan, _ output: OutputOptions, asks: Bool) {
    self.plan = plan
    self.output = output
    self.asks = asks
  }

  func run(_ change: (inout Checkpoint, Plan) throws(Failure) -> Void) async throws(Failure) -> ExitStatus {
    let store = FileCheckpoints(path: plan.checkpoint.path)
    let old = try await open(store)
    guard let old else {
      throw Failure(
        "checkpoint.none", "\(plan.name) has no checkpoint yet.", hint: "Run it first; there is nothing to move.",
        exit: .surroundings)
    }
    var new = old
    try change(&new, plan)
    // Events that come again must not be taken for duplicates of themselves.
    if new.position != old.position { new.keys = nil }
    let effect = try await effect(from: old.position, to: new.position)
    try confirm(effect)
    new.savedAt = SystemTime.wallTime()
    do throws(FlowError) { try await store.save(new) } catch { throw Failure(error) }
    await store.close()
    tell(effect, new)
    return .done
  }

  func reset() async throws(Failure) -> ExitStatus {
    let store = FileCheckpoints(path: plan.checkpoint.path)
    // Also one that cannot be read: resetting is the way out.
    let isThere = ((try? Files.info(plan.checkpoint.path)) ?? nil) != nil
    do throws(FlowError) { _ = try await store.open() } catch {
      if error.code == "checkpoint.locked" { throw Failure(error) }
    }
    guard isThere else {
      tell("There was no checkpoint; the next run starts at the beginning anyway.", nil)
      return .done
    }
    let effect =
      "The next run reads everything from the beginning and writes it again; what a target only adds to holds it twice "
      + "then."
    try confirm(effect)
    do throws(FileError) {
      try Files.remove(plan.checkpoint.path)
      try Files.syncFolder(of: plan.checkpoint.path)
    } catch {
      throw Failure(error)
    }
    await store.close()
    tell(effect, nil)
    return .done
  }

  /// Resets it where there is one, without a word.
  func forget() async throws(Failure) {
    let store = FileCheckpoints(path: plan.checkpoint.path)
    do throws(FlowError) { _ = try await store.open() } catch {
      if error.code == "checkpoint.locked" { throw Failure(error) }
    }
    do throws(FileError) {
      if try Files.info(plan.checkpoint.path) != nil {
        try Files.remove(plan.checkpoint.path)
        try Files.syncFolder(of: plan.checkpoint.path)
      }
    } catch {
      throw Failure(error)
    }
    await store.close()
  }

  private func open(_ store: FileCheckpoints) async throws(Failure) -> Checkpoint? {
    do throws(FlowError) { return try await store.open() } catch { throw Failure(error) }
  }

  /// What lies between two positions, as far as the source knows; also the check that it can read the new one.
  private func effect(from old: Position?, to new: Position?) async throws(Failure) -> String {
    if old == new { return "The position stays where it is." }
    let before = try? await Standing.extent(of: plan, at: old)
    let after = try await Standing.extent(of: plan, at: new)
    guard let before, let after, before.unit == after.unit else {
      return new == nil ? "Everything is read again from the beginning." : "The next run goes on from the new position."
    }
    let amount = { (count: UInt64) in after.unit == .bytes ? Quantity.bytes(count) : Quantity.count(count, "row") }
    if after.done < before.done { return "Replays \(amount(before.done - after.done)): those records come again." }
    if after.done > before.done { return "Skips \(amount(after.done - before.done)): those records are never read." }
    return "Neither replays nor skips anything that is known."
  }

  private func confirm(_ effect: String) throws(Failure) {
    try Confirmation.ask(plan.name, effect, yes: !asks)
  }

  private func tell(_ effect: String, _ checkpoint: Checkpoint?) {
    if output.json {
      return Output.answer(
        Value.object([
          .init("pipeline", .string(plan.name)), .init("effect", .string(effect)),
          .init("checkpoint", checkpoint.map { $0.summary(path: plan.checkpoint.path) } ?? .null),
        ]).json)
    }
    if !output.quiet { Output.write("\(plan.name): done. \(effect)\n", to: STDERR_FILENO) }
  }
}
