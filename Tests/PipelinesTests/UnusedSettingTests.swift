import ConnectorKit
import Connectors
import Testing

/// Settings that nothing reads are said, so that a file means what it seems to mean.
@Suite struct UnusedSettingTests {
  private static func postgres(_ more: String) -> String {
    """
    name: shop
    source:
      type: postgres
      url: "${URL}"
      tables: [shop.products]
      \(more)
    mappings: {id: record.id}
    target: {type: file, path: out.ndjson, write: append}
    """
  }

  @Test(arguments: [
    ("slot: shop", ["warning config.unused 6:9 source.slot"]),
    ("read: stream\n  chunk_rows: 5", []),
    ("read: snapshot_then_stream\n  chunk_rows: 5\n  slot: shop", []),
    ("read: stream\n  slot: shop", []), ("chunk_rows: 5", []),
  ])
  func `a postgres source reads rows, or changes, or both`(more: String, expected: [String]) {
    #expect(findings(Self.postgres(more), .standard) == expected)
  }
}
