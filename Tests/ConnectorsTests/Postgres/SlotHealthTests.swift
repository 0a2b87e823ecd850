import Testing

@testable import ConnectorKit
@testable import Connectors

struct SlotHealthTests {
  private static func health(_ change: (inout SlotState) -> Void = { _ in }) -> SlotHealth {
    var slot = SlotState(name: "s", plugin: "pgoutput", database: "d", confirmed: LSN(100), walStatus: "reserved")
    change(&slot)
    return SlotHealth(slot: slot, name: "s", system: "1", database: "d", written: LSN(200))
  }

  private static func position(_ lsn: UInt64, system: String = "1") -> StreamPosition {
    StreamPosition(system: system, lsn: LSN(lsn))
  }

  @Test(arguments: [100, 150, 200] as [UInt64])
  func `a place between what was told and what was written is fine`(lsn: UInt64) {
    #expect(Self.health().problem(at: Self.position(lsn), after: nil) == nil)
  }

  @Test func `what is wrong is said, and stops`() {
    func code(_ health: SlotHealth, _ position: StreamPosition?) -> String? {
      let problem = health.problem(at: position, after: nil)
      if problem?.remedy != .stop { return nil }
      return problem?.code
    }
    #expect(code(Self.health(), Self.position(99)) == "postgres.slot_ahead")
    #expect(code(Self.health(), Self.position(201)) == "postgres.log_behind")
    #expect(code(Self.health(), Self.position(150, system: "2")) == "postgres.other_server")
    #expect(code(Self.health { $0.plugin = "test_decoding" }, nil) == "postgres.slot_unfit")
    #expect(code(Self.health { $0.database = "other" }, nil) == "postgres.slot_unfit")
    #expect(code(Self.health { $0.sendsPrepared = true }, nil) == "postgres.slot_two_phase")
    #expect(code(Self.health { $0.walStatus = "lost" }, Self.position(150)) == "postgres.slot_lost")
    #expect(code(Self.health { $0.invalidation = "wal_removed" }, Self.position(150)) == "postgres.slot_lost")
    var gone = Self.health()
    gone.slot = nil
    #expect(code(gone, Self.position(150)) == "postgres.slot_missing")
    #expect(gone.problem(at: nil, after: nil) == nil)
  }

  @Test func `a slot in use is waited for, unless its client is alive`() {
    let taken = Self.health {
      $0.activePID = 7
      $0.heardAt = "10:00:01"
    }
    let position = Self.position(150)
    #expect(taken.problem(at: position, after: nil)?.remedy == .retry(after: nil))
    #expect(taken.problem(at: position, after: taken.slot)?.remedy == .retry(after: nil))
    var seen = taken.slot
    seen?.heardAt = "10:00:00"
    #expect(taken.problem(at: position, after: seen)?.remedy == .stop)
    seen?.activePID = 6
    #expect(taken.problem(at: position, after: seen)?.remedy == .retry(after: nil))
  }
}
