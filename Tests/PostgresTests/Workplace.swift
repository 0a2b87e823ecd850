import FaultProxy
import Flows
import Foundation
import Pipelines
import Records
import Synchronization
import Testing

@testable import ConnectorKit
@testable import Connectors
@testable import Expressions

/// A schema of its own in the server, a folder for the state, and pipelines that run between them.
final class Workplace: Sendable {
  let server: PostgresServer
  let schema: String
  let folder: String
  /// Where pipelines find the server.
  let url: String

  /// - Parameter proxy: what pipelines reach the server through.
  init(_ server: PostgresServer? = .shared, through proxy: FaultProxy? = nil) throws {
    self.server = try #require(server)
    url = proxy.map { PostgresServer.url(port: $0.port) } ?? self.server.url
    schema = "t\(UInt32.random(in: 0 ... .max))"
    folder = "/tmp/millrace-postgres-test-\(getpid())-\(schema)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try sql("CREATE SCHEMA \(schema)")
  }

  deinit {
    _ = try? sql("DROP SCHEMA \(schema) CASCADE; DELETE FROM millrace.positions WHERE pipeline LIKE '\(schema)%'")
    try? FileManager.default.removeItem(atPath: folder)
  }

  // MARK: - The server

  /// Runs statements in the schema and gives the rows of the last.
  @discardableResult
  func sql(_ statements: String) throws -> [[String?]] {
    let connection = try PostgresConnection(Secret(server.url))
    try connection.run("SET search_path = \(schema), public")
    let parts = statements.components(separatedBy: ";\n").filter {
      !$0.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty
    }
    for part in parts.dropLast() { try connection.run(part) }
    guard let last = parts.last else { return [] }
    if !last.uppercased().hasPrefix("SELECT") {
      try connection.run(last)
      return []
    }
    return try connection.query(last).rows
  }

  func value(_ query: String) throws -> String? { try sql(query).first?.first ?? nil }

  func count(_ table: String) throws -> Int { Int(try value("SELECT count(*) FROM \(table)") ?? "") ?? -1 }

  // MARK: - Files and pipelines

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// The settings that lead from a file, or a table of the schema, to a table of it.
  func plan(
    from source: String, to target: String, mappings: String = "all", more: String = "", name: String = "p",
    options: String = ""
  ) throws -> Plan {
    let url = options.isEmpty ? url : "\(url)?\(options)"
    let text = """
      millrace: 1
      name: \(schema)-\(name)
      source: {\(source.replacing("URL", with: "\"\(url)\"").replacing("SCHEMA", with: schema))}
      mappings: \(mappings)
      target: {type: postgres, url: "\(url)", \(target.replacing("SCHEMA", with: schema))}
      checkpoint: {path: \(folder)/\(name).checkpoint.json, every: 20ms}
      retry: {delays: [10ms, 50ms, 200ms], circuit_breaker: {failures: 9, within: 1m, open_for: 100ms}, dead_letter: {type: file, path: \(folder)/\(name).dead-letters.ndjson}}
      \(more)
      """
    try write(text, to: "\(name).yaml")
    return try plan(yaml: text)
  }

  func plan(yaml text: String, catalog: Catalog = .standard) throws -> Plan {
    let result = PipelineReader.read(file: path("pipeline.yaml"), bytes: Array(text.utf8), catalog: catalog)
    return try #require(result.plans.first, "\(result.diagnostics)")
  }

  /// Runs a pipeline in this process to its end.
  @discardableResult
  ///
  /// - Parameters:
  ///   - stopAfter: so many events that reached their bucket the flow is asked to stop.
  ///   - whileIt: gets the flow before it runs, and returns at once.
  func run(
    _ plan: Plan, notes: Notes = Notes(), stopAfter: UInt64 = .max, endsOnceRead: Bool = false,
    whileIt: ((Flow) -> Void) = { _ in }
  ) async throws -> Flow.Summary {
    let plan = try plan.resolved(with: SecretSource(variable: { _ in nil }))
    let stopping = StopAfter(stopAfter)
    let world = World.system(
      checkpoints: FileCheckpoints(path: plan.checkpoint.path),
      deadLetters: FileDeadLetters(path: plan.deadLetters.path),
      observe: { event in
        switch event {
        case .note(let text): notes.add(text)
        case .settled(let counts): stopping.count(counts.read)
        default: break
        }
      })
    var settings = FlowSettings(pipeline: plan.name, fingerprint: plan.fingerprint)
    settings.batch = plan.batch
    settings.retry = plan.retry
    settings.checkpointEvery = plan.checkpoint.every
    settings.limits = plan.limits
    settings.batchBytes = 16 << 10
    var context = world.context(pipeline: plan.name, folder: folder, batchBytes: settings.batchBytes, lanes: plan.lanes)
    context.endsOnceRead = endsOnceRead
    context.wants = plan.wants
    context.part = plan.part
    let source = try plan.source.makeSource(context)
    let targets = try (0..<plan.lanes).map { try plan.target.makeTarget(context, lane: $0) }
    let flow = Flow(
      settings, source: source, targets: targets,
      route: { tables throws(ConnectorError) in try Routing(plan, tables) }, in: world)
    stopping.watch(flow)
    whileIt(flow)
    return try await flow.run()
  }

  /// Lets go of what streams of this place left on the server.
  func dropSlots() {
    _ = try? sql(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE '%\(schema)%' AND NOT active"
    )
    let names = (try? sql("SELECT pubname FROM pg_publication WHERE pubname LIKE '%\(schema)%'")) ?? []
    for row in names { _ = try? sql("DROP PUBLICATION \(row[0] ?? "")") }
  }

  /// What stands in the dead letters: code and field of each.
  func deadLetters(_ name: String = "p") throws -> [String] {
    let text = (try? String(contentsOfFile: "\(folder)/\(name).dead-letters.ndjson", encoding: .utf8)) ?? ""
    return try text.split(separator: "\n").map { line in
      let value = try Value(json: String(line))
      return (value["code"]?.string ?? "") + (value["field"]?.string.map { " \($0)" } ?? "")
    }
  }
}

/// Stops a flow once so many events are done with.
private final class StopAfter: Sendable {
  private let state: Mutex<(left: UInt64, flow: Flow?)>
  init(_ events: UInt64) { state = Mutex((events, nil)) }

  func watch(_ flow: Flow) { state.withLock { $0.flow = flow } }

  func count(_ events: UInt64) {
    let flow = state.withLock { state -> Flow? in
      guard state.left > 0, state.left != .max else { return nil }
      state.left -= min(events, state.left)
      return state.left == 0 ? state.flow : nil
    }
    flow?.stop()
  }
}

final class Notes: Sendable {
  private let texts = Mutex<[String]>([])
  func add(_ text: String) { texts.withLock { $0.append(text) } }
  var all: [String] { texts.withLock { $0 } }
}

extension Counts {
  var shown: String { "\(read) read, \(written) written, \(stale) stale, \(deadLettered) dead" }
}
