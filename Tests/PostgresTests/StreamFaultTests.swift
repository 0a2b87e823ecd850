import Foundation
import Testing

/// Everything at random that can befall a stream of changes between two servers, in rounds: at the end of each the target
/// equals the source, every change was counted once, and nobody ever saw half a transaction (Invariants 2 and 4).
///
/// `MILLRACE_FAULT_SECONDS=3600` goes on for longer, `MILLRACE_FAULT_SEED=7` with the same faults as another run.
@Suite(
  .serialized, .enabled(if: PostgresServer.local != nil, Comment(rawValue: PostgresServer.whyMissing)),
  .enabled(if: Program.isThere, "no program at \(Program.binary.path)"))
struct StreamFaultTests {
  private static let seconds = setting("MILLRACE_FAULT_SECONDS", or: 20)
  private static let seed = setting("MILLRACE_FAULT_SEED", or: .random(in: 1...999_999))

  @Test func `faults of all kinds, in rounds`() throws {
    let town = try FaultyTown(seed: Self.seed)
    let end = Date().addingTimeInterval(TimeInterval(Self.seconds))
    var rounds = 0
    repeat {
      rounds += 1
      let problems = try town.round()
      #expect(problems == [], "seed \(Self.seed), round \(rounds); kept in \(town.keep())")
      if !problems.isEmpty { break }
    } while Date() < end
    print("seed \(Self.seed): \(rounds) rounds, \(town.told)")
  }
}
