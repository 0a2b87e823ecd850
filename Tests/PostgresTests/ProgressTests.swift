import Records
import Testing

@testable import Connectors

/// How far tables have been read, as people see it.
@Suite struct ProgressTests {
  @Test func `a position says what is done and what is open`() throws {
    var done = TableProgress(table: "shop.items")
    (done.rows, done.rangesDone, done.isAtEnd) = (90, 1, true)
    var begun = TableProgress(table: "shop.orders")
    (begun.rows, begun.rangesDone, begun.frontier) = (1200, 4, ["20"])
    begun.open = [.init(after: ["17"], to: ["20"]), .init(after: nil, to: ["a", "1"])]
    var progress = SnapshotProgress()
    progress.update(done)
    progress.update(begun)
    #expect(
      PostgresSourceConnector().describe(progress.position)
        == "shop.items: all 90 rows; shop.orders: 1200 rows, 4 ranges done, "
        + "open: behind 17 to 20, from the begin to (a, 1), read to 20")
    #expect(try SnapshotProgress(progress.position) == progress)
  }
}
