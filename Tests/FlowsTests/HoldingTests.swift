import Testing

@testable import Flows

/// Which writes share a transaction.
struct HoldingTests {
  private static let size = 1 << 20

  private static func held(_ bytes: Int, isInside: Bool = false, at now: Duration = .zero) -> Holding {
    var holding = Holding()
    holding.hold(bytes, isInside: isInside, at: now)
    return holding
  }

  @Test func `rows are held while more are on their way`() {
    let open = Self.held(Self.size)
    #expect(Holding().takes(Self.size, goesOn: true, at: .seconds(9)))
    #expect(!Holding().takes(Self.size, goesOn: false, at: .zero))
    #expect(open.takes(Self.size, goesOn: true, at: .milliseconds(10)) && open.mayCommit)
    #expect(!open.takes(Self.size, goesOn: false, at: .milliseconds(10)))
  }

  @Test func `a transaction is bounded by its size and by time`() {
    #expect(!Self.held(Holding.bytesMax - Self.size).takes(Self.size, goesOn: true, at: .zero))
    #expect(!Holding().takes(Holding.bytesMax, goesOn: true, at: .zero))
    let open = Self.held(Self.size, at: .seconds(5))
    #expect(open.takes(Self.size, goesOn: true, at: .seconds(5) + Holding.timeMax - .milliseconds(1)))
    #expect(!open.takes(Self.size, goesOn: true, at: .seconds(5) + Holding.timeMax))
    var more = open
    more.hold(Self.size, isInside: false, at: .milliseconds(5_900))
    #expect(!more.takes(Self.size, goesOn: true, at: .seconds(5) + Holding.timeMax))
  }

  @Test func `a source's transaction is committed at its end alone`() {
    var holding = Self.held(0, isInside: true)
    #expect(!holding.mayCommit)
    holding.hold(1, isInside: false, at: .zero)
    #expect(holding.mayCommit)
    holding.commit()
    #expect(!holding.mayCommit)
  }
}
