import ConnectorKit
import Connectors
import Testing

/// A target that shows nothing before its source has ended is pointed out where the source never does.
@Suite struct EndlessSourceTests {
  private static func pipeline(_ source: String, _ more: String = "") -> String {
    """
    name: shop
    source: {\(source)}
    mappings: {id: record.id}
    target: {type: file, path: out.ndjson\(more)}
    """
  }

  private static let endless = [
    "type: webhook, listen: \"127.0.0.1:8080\", log: in.log", "type: log, path: in.log",
    "type: file, path: in.ndjson, follow: true", "type: postgres, url: \"${URL}\", tables: [a], read: stream",
    "type: postgres, url: \"${URL}\", tables: [a], read: snapshot_then_stream",
    "type: http, url: \"https://a.example\", poll_every: 1m", "type: directus, url: \"${URL}\", collection: a",
  ]

  @Test(arguments: endless) func `a file that is replaced would never be seen`(source: String) {
    #expect(findings(Self.pipeline(source), .standard) == ["warning config.never_shown 4:9 target.write"])
    let given = Self.pipeline(source, ", write: replace")
    #expect(findings(given, .standard) == ["warning config.never_shown 4:47 target.write"])
  }

  @Test(arguments: endless) func `a file that is added to is seen`(source: String) {
    #expect(findings(Self.pipeline(source, ", write: append"), .standard) == [])
  }

  @Test(arguments: [
    "type: file, path: in.ndjson", "type: stdin, format: ndjson",
    "type: postgres, url: \"${URL}\", tables: [a], read: snapshot", "type: http, url: \"https://a.example\"",
    "type: directus, url: \"${URL}\", collection: a, read: snapshot",
  ]) func `a source that ends shows it`(source: String) {
    #expect(findings(Self.pipeline(source), .standard) == [])
  }
}
