import ConnectorKit
import Records
import Status
import Testing

@testable import Flows

struct LogTests {
  private func letter(_ id: String, field: String?) -> Flow.Event {
    .deadLettered(
      DeadLetter(
        id: id, pipeline: "p", fingerprint: "f", time: 0, code: "mapping.too_long", stage: "mapping", field: field,
        message: "too long", attempts: 1, origin: "a.ndjson", offset: 0, line: 7, operation: .read))
  }

  @Test func `a dead letter is told once for each kind`() {
    var log = EventLog(pipeline: "p")
    var levels: [LogLevel?] = []
    for event in [letter("1", field: "name"), letter("2", field: "name"), letter("3", field: "sku")] {
      levels.append(log.line(event)?.level)
    }
    #expect(levels == [.warning, .debug, .warning])
  }

  @Test func `what keeps a connector from its work is a warning`() {
    var log = EventLog(pipeline: "p")
    #expect(log.line(.warning("full"))?.level == .warning && log.line(.note("there"))?.level == .info)
  }

  @Test func `as text and as JSON`() throws {
    var log = EventLog(pipeline: "p")
    let told = log.line(letter("a.ndjson@5", field: "name"))
    let line = try #require(told)
    #expect(
      line.text(.text, at: 0)
        == "1970-01-01T00:00:00Z warning p: Dead letter [mapping.too_long] a.ndjson:7: field `name`: too long")
    let json = try Value(json: line.text(.json, at: 1_500))
    #expect(json["time"] == "1970-01-01T00:00:01.500Z")
    #expect(json["event"] == "dead_lettered")
    #expect(json["id"] == "a.ndjson@5")
  }

  @Test func `data cannot break a line or reach the terminal`() {
    let line = LogLine(.info, "p", "note", "a\nb\u{1B}[31mc\u{9B}d")
    #expect(line.text(.text, at: 0).hasSuffix("p: a b [31mc d"))
    #expect(!line.text(.json, at: 0).contains("\n"))
  }

  @Test func `colours only where they are wanted`() {
    let line = LogLine(.error, "p", "x", "y")
    #expect(line.text(.text, at: 0, Style(coloured: true)).contains("\u{1B}[1;31merror\u{1B}[0m"))
    #expect(!line.text(.text, at: 0, .plain).contains("\u{1B}"))
  }

  @Test func `levels are in order`() {
    #expect(LogLevel.allCases.sorted() == [.debug, .info, .warning, .error])
  }
}
