import FaultProxy
import Foundation
import Records
import Synchronization

@testable import ConnectorKit
@testable import Connectors

/// Two servers, of which the target loses its last commits when it crashes, the built program between them, people who move money about, somebody who looks, and accidents.
final class FaultyTown {
  private static let banks = 4
  private static let accounts = 300
  private static let things = 2
  /// Columns that the target has from the start, and the source gets one by one.
  private static let laterColumns = 40
  private static let writers = 3
  /// How long the program may take to catch up, in seconds.
  private static let patience: TimeInterval = 240

  private let source: PostgresServer
  private let target: PostgresServer
  private let toSource: FaultProxy
  private let toTarget: FaultProxy
  private let folder: String
  private var random: SeededRandom
  private var process: Process?
  private var columns = 0
  private var snapshotRows = 0
  private var counted = 0
  private var isKept = false
  private var faults: [String: Int] = [:]
  private var starts = 0
  private var problems: [String] = []
  private let looker: Looker

  init(seed: Int) throws {
    guard let source = PostgresServer(settings: ["wal_sender_timeout = 2s"]),
      let target = PostgresServer(settings: ["wal_writer_delay = 10s"]),
      let sourcePort = source.port, let targetPort = target.port
    else { throw ConnectorError("test.no_server", "No server could be started.", remedy: .stop) }
    (self.source, self.target) = (source, target)
    toSource = try FaultProxy(to: sourcePort)
    toTarget = try FaultProxy(to: targetPort)
    random = SeededRandom(seed: seed)
    folder = "/tmp/millrace-faults-\(getpid())-\(seed)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    looker = Looker(target, banks: Self.banks, sum: Self.banks * Self.accounts * 100)
    try prepare()
  }

  deinit {
    if let process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
    looker.end()
    source.remove()
    target.remove()
    if !isKept { try? FileManager.default.removeItem(atPath: folder) }
  }

  /// Leaves the log and the checkpoint where they are.
  func keep() -> String {
    isKept = true
    return folder
  }

  var told: String {
    let counts = faults.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    return "\(counted) changes, \(starts) starts, \(looker.looks) looks; \(counts)"
  }

  // MARK: - The tables

  private static var tables: [String] {
    (0..<banks).map { "bank_\($0)" } + (0..<things).map { "things_\($0)" }
  }

  private func prepare() throws {
    for (server, isTarget) in [(source, false), (target, true)] {
      let connection = try PostgresConnection(Secret(server.url))
      let later = isTarget ? (1...Self.laterColumns).map { ", later_\($0) text" }.joined() : ""
      for bank in 0..<Self.banks {
        try connection.run("CREATE TABLE bank_\(bank) (id int PRIMARY KEY, money bigint NOT NULL, note text\(later))")
        if isTarget { continue }
        try connection.run(
          "INSERT INTO bank_\(bank) SELECT g, 100, 'n' || g FROM generate_series(1, \(Self.accounts)) g")
      }
      for thing in 0..<Self.things {
        try connection.run(
          "CREATE TABLE things_\(thing) (id int PRIMARY KEY, label text, big text, price numeric, at timestamptz\(later))"
        )
      }
    }
    snapshotRows = Self.banks * Self.accounts
    try """
    millrace: 1
    name: town
    source:
      type: postgres
      url: "\(PostgresServer.url(port: toSource.port))"
      tables: [\(Self.tables.joined(separator: ", "))]
      read: snapshot_then_stream
      heartbeat: 300ms
      timeout: 2s
    streams:
      "*": {mappings: all, target: {table: "{table}"}}
    target: {type: postgres, url: "\(PostgresServer.url(port: toTarget.port))", table: "{table}", timeout: 2s}
    checkpoint: {path: \(folder)/checkpoint.json, every: 50ms}
    limits: {in_flight: 4MiB}
    retry: {delays: [20ms, 100ms, 300ms], circuit_breaker: {failures: 99, within: 1m, open_for: 100ms}, dead_letter: {type: file, path: \(folder)/dead-letters.ndjson}}
    """.write(toFile: "\(folder)/town.yaml", atomically: true, encoding: .utf8)
    _ = FileManager.default.createFile(atPath: "\(folder)/log", contents: nil)
    try start()
    try wait("the tables are not loaded") { [self] in follows }
    let connection = try PostgresConnection(Secret(source.url))
    try connection.query("SELECT pg_create_logical_replication_slot('audit', 'pgoutput')")
    looker.begin()
  }

  // MARK: - The program

  private func start() throws {
    starts += 1
    process = try launch(["run", "\(folder)/town.yaml"])
  }

  private func launch(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = Program.binary
    process.arguments = arguments
    let log = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/log"))
    try log.seekToEnd()
    process.standardOutput = log
    process.standardError = log
    try process.run()
    return process
  }

  private func signal(_ number: Int32) {
    if let process, process.isRunning { kill(process.processIdentifier, number) }
  }

  /// Whether all rows have been read, and changes are followed.
  private var follows: Bool {
    let checkpoint = (try? String(contentsOfFile: "\(folder)/checkpoint.json", encoding: .utf8)) ?? ""
    return checkpoint.contains("\"stream\"") && !checkpoint.contains("\"load\"")
  }

  private func wait(_ complaint: String, _ until: () -> Bool) throws {
    let end = Date().addingTimeInterval(Self.patience)
    while !until() {
      if Date() > end { throw ConnectorError("test.late", complaint, remedy: .stop) }
      usleep(20_000)
    }
  }

  // MARK: - A round

  /// - Returns: what went wrong.
  func round() throws -> [String] {
    problems = []
    let people = (0..<Self.writers).map { _ in People(source, seed: .random(in: 0...(.max), using: &random), columns) }
    for _ in 0..<Int.random(in: 3...7, using: &random) {
      usleep(.random(in: 200_000...1_200_000, using: &random))
      if process?.isRunning != true { try restart() }
      try strike()
    }
    for people in people { people.end() }
    toSource.accept()
    toTarget.accept()
    toSource.heal()
    toTarget.heal()
    try finish()
    problems += looker.torn
    return problems
  }

  /// One server is away for so long, while people write as far as they can.
  ///
  /// - Returns: what went wrong.
  func outage(ofTarget isTarget: Bool, seconds: Int) throws -> [String] {
    problems = []
    let people = (0..<Self.writers).map { _ in People(source, seed: .random(in: 0...(.max), using: &random), columns) }
    usleep(500_000)
    let server = isTarget ? target : source
    server.stop()
    sleep(UInt32(seconds))
    server.start()
    usleep(500_000)
    for people in people { people.end() }
    if process?.isRunning != true { problems.append("the program has ended") }
    try finish()
    problems += looker.torn
    return problems
  }

  /// A server that is away when the program begins ends it; another start finds it there.
  private func restart() throws {
    if let process, process.terminationReason == .exit {
      let said = ((try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "").suffix(3_000)
      let isMeant = ["postgres.unreachable", "unreachable", "starting up", "shutting down"].contains {
        said.contains($0)
      }
      if !isMeant { problems.append("the program ended with \(process.terminationStatus): \(said)") }
    }
    try start()
  }

  private func strike() throws {
    let fault = Fault.allCases.randomElement(using: &random) ?? .cut
    let proxy = Bool.random(using: &random) ? toSource : toTarget
    let server = Bool.random(using: &random) ? source : target
    let length = UInt32.random(in: 100_000...2_600_000, using: &random)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: count("kill"); signal(SIGKILL)
    case 1:
      count("stop and go on")
      signal(SIGSTOP)
      usleep(2_000_000 + length / 2)
      signal(SIGCONT)
    case 2:
      count("stream terminated")
      terminate(source, "backend_type = 'walsender'")
    case 3:
      count("sessions terminated")
      terminate(server, "application_name = 'millrace' AND random() < 0.7")
    case 4, 5:
      count("server crashed")
      server.stop()
      usleep(length / 4)
      server.start()
    case 6, 7:
      count("connections struck")
      proxy.strike(fault)
      usleep(length)
      proxy.heal()
    case 8:
      count("connections refused")
      proxy.strike(.reset)
      proxy.refuse()
      usleep(length / 2)
      proxy.accept()
    default:
      guard columns < Self.laterColumns else { return }
      count("column added")
      columns += 1
      let table = Self.tables.randomElement(using: &random) ?? ""
      let connection = try PostgresConnection(Secret(source.url))
      try connection.run("ALTER TABLE \(table) ADD COLUMN later_\(columns) text")
      try connection.run("UPDATE \(table) SET later_\(columns) = 'set' WHERE id % 3 = 0")
    }
  }

  private func count(_ fault: String) { faults[fault, default: 0] += 1 }

  private func terminate(_ server: PostgresServer, _ condition: String) {
    guard let connection = try? PostgresConnection(Secret(server.url)) else { return }
    _ = try? connection.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE \(condition)")
  }

  /// Lets everything arrive, and compares.
  private func finish() throws {
    signal(SIGTERM)
    if let process { try wait("the program does not end") { !process.isRunning } }
    let last = try launch(["run", "--once", "\(folder)/town.yaml"])
    try wait("the program does not catch up") { !last.isRunning }
    if last.terminationStatus != 0 {
      let said = try String(contentsOfFile: "\(folder)/log", encoding: .utf8).suffix(3_000)
      problems.append("catching up ended with \(last.terminationStatus): \(said)")
    }
    for table in Self.tables { try compare(table) }
    try audit()
    try start()
  }

  private func compare(_ table: String) throws {
    let (here, there) = (
      try PostgresConnection(Secret(source.url)), try PostgresConnection(Secret(target.url))
    )
    let columns = try here.query(
      "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = '\(table)'::regclass AND attnum > 0"
    ).text(0, 0)
    let rows = "SELECT (t.*)::text FROM (SELECT \(columns ?? "*") FROM \(table) ORDER BY id) t"
    let (wanted, found) = (try here.query(rows).rows, try there.query(rows).rows)
    if wanted == found { return }
    let missing = Set(wanted).subtracting(found).prefix(3)
    let extra = Set(found).subtracting(wanted).prefix(3)
    problems.append("\(table) differs: \(wanted.count) and \(found.count) rows; \(missing) is not there, \(extra) is")
  }

  /// Every change that the source's log has was counted once.
  private func audit() throws {
    let connection = try PostgresConnection(Secret(source.url))
    let publication = try connection.query("SELECT pubname FROM pg_publication").text(0, 0) ?? ""
    // An update that changes the key is two events: the old key goes, the new row comes.
    let changes = try connection.query(
      "SELECT count(*) + count(*) FILTER (WHERE get_byte(data, 0) = 85 AND get_byte(data, 5) = 75) "
        + "FROM pg_logical_slot_get_binary_changes('audit', NULL, NULL, 'proto_version', '1', "
        + "'publication_names', $1) WHERE get_byte(data, 0) IN (73, 85, 68, 84)", [SQLName.quoted(publication)])
    // How far they were read is written down with a checkpoint only: a server that crashes before it gives them again.
    try connection.run("CHECKPOINT")
    counted += Int(changes.text(0, 0) ?? "") ?? 0
    let checkpoint = try Value(json: String(contentsOfFile: "\(folder)/checkpoint.json", encoding: .utf8))
    let read = checkpoint["totals"]?["read"]?.int ?? 0
    let written = checkpoint["totals"]?["written"]?.int ?? 0
    if read != counted + snapshotRows || written != read {
      problems.append("\(counted) changes and \(snapshotRows) rows; \(read) were counted, \(written) as written")
    }
  }
}

/// Somebody who writes into the source: money is moved, so that its sum stays, and things come and go.
private final class People: Sendable {
  private let isOver = Mutex(false)
  private let done = DispatchSemaphore(value: 0)

  init(_ server: PostgresServer, seed: Int, _ columns: Int) {
    DispatchQueue(label: "people").async { [self] in
      var random = SeededRandom(seed: seed)
      var connection: PostgresConnection?
      while !isOver.withLock({ $0 }) {
        let transaction = Self.transaction(&random)
        do {
          let current = try connection ?? PostgresConnection(Secret(server.url))
          connection = current
          try current.run(transaction)
        } catch {
          // A server that was stopped comes back, and of two that wait for each other one goes on.
          connection = nil
          usleep(50_000)
        }
        usleep(.random(in: 0...4_000, using: &random))
      }
      done.signal()
    }
  }

  func end() {
    isOver.withLock { $0 = true }
    done.wait()
  }

  private static func transaction(_ random: inout SeededRandom) -> String {
    let (from, to) = (Int.random(in: 0..<4, using: &random), Int.random(in: 0..<4, using: &random))
    let (a, b) = (Int.random(in: 1...300, using: &random), Int.random(in: 1...300, using: &random))
    let thing = Int.random(in: 0..<2, using: &random)
    let (id, other) = (Int.random(in: 1...400, using: &random), Int.random(in: 1...400, using: &random))
    let move = """
      UPDATE bank_\(from) SET money = money - 7, note = 'a' WHERE id = \(a);
      UPDATE bank_\(to) SET money = money + 7 WHERE id = \(b);
      """
    let make = """
      INSERT INTO things_\(thing) VALUES (\(id), 'l', repeat(md5('\(id)'), 300), \(id).\(other), now())
        ON CONFLICT (id) DO UPDATE SET label = 'again', price = things_\(thing).price + 0.01;
      """
    switch Int.random(in: 0..<40, using: &random) {
    case 0:
      // More than a write holds.
      return """
        BEGIN; UPDATE bank_\(from) SET money = money - 1; UPDATE bank_\(to) SET money = money + 1;
        INSERT INTO things_0 SELECT g, 'many', NULL, g, now() FROM generate_series(1000, 6000) g ON CONFLICT (id) DO UPDATE SET label = 'more';
        COMMIT
        """
    case 1: return "DELETE FROM things_0 WHERE id >= 1000"
    case 2: return "TRUNCATE things_1"
    case 3: return "BEGIN; \(move) ROLLBACK"
    case 4: return "BEGIN; SAVEPOINT one; \(make) ROLLBACK TO one; \(move) \(make) COMMIT"
    case 5...12: return make
    case 13...17: return "UPDATE things_\(thing) SET label = 'changed \(other)' WHERE id = \(id)"
    case 18...21: return "DELETE FROM things_\(thing) WHERE id = \(id)"
    case 22...25:
      return """
        UPDATE things_\(thing) SET id = \(other), label = 'moved' WHERE id = \(id) AND NOT EXISTS (SELECT FROM things_\(thing) WHERE id = \(other))
        """
    case 26...29: return "BEGIN; \(move) \(make) DELETE FROM things_\(thing) WHERE id = \(other); COMMIT"
    default: return "BEGIN; \(move) COMMIT"
    }
  }
}

/// Looks at the target all the time: the sum of all money is the same at every moment.
private final class Looker: Sendable {
  private struct State {
    var isOver = false
    var torn: [String] = []
    var looks = 0
  }

  private let state = Mutex(State())
  private let server: PostgresServer
  private let query: String
  private let sum: String

  init(_ server: PostgresServer, banks: Int, sum: Int) {
    self.server = server
    self.sum = "\(sum)"
    query = "SELECT " + (0..<banks).map { "(SELECT sum(money) FROM bank_\($0))" }.joined(separator: " + ")
  }

  func begin() {
    DispatchQueue(label: "looker").async { [self] in
      var connection: PostgresConnection?
      while !state.withLock({ $0.isOver }) {
        do {
          let current = try connection ?? PostgresConnection(Secret(server.url))
          connection = current
          let found = try current.query(query).text(0, 0)
          state.withLock { state in
            state.looks += 1
            if found != sum, state.torn.count < 3 {
              state.torn.append("half a transaction: the sum is \(found ?? "none")")
            }
          }
        } catch {
          connection = nil
          usleep(50_000)
        }
        usleep(3_000)
      }
    }
  }

  func end() { state.withLock { $0.isOver = true } }

  var torn: [String] { state.withLock { $0.torn } }
  var looks: Int { state.withLock { $0.looks } }
}
