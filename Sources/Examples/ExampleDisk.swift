import ConnectorKit
import Flows
import Pipelines
import Records

/// What outlives a kill in the world of one example: the target's rows, the checkpoint, the dead letters.
///
/// `@unchecked Sendable`: everything in the world of an example happens on the thread that made it.
final class ExampleDisk: @unchecked Sendable {
  let test: PipelineTest
  /// What the events are about, where the pipeline tells tables apart; none elsewhere.
  let tables: TableList
  var rows: [ExampleOutcome.Row] = []
  var letters: [DeadLetter] = []
  var checkpoint: Checkpoint?
  /// What `dedupe` steps remember, by number.
  var keys: [RememberedKey] = []
  /// Steps of `given` that are behind: a restart happens once.
  var passed: Set<Int> = []
  /// The step that comes next.
  var next = 0
  /// How many writes went through.
  var writes = 0
  /// How often each failure of the target has happened.
  private var failed: [Int]
  var retries = 0
  /// False from a kill on, until the next start.
  var isOn = true

  init(_ test: PipelineTest, hasTables: Bool) {
    self.test = test
    tables = TableList(hasTables ? test.tables : [])
    failed = Array(repeating: 0, count: test.targetFailures.count)
  }

  /// How the write that comes now fails, if it does.
  func nextFailure() -> TargetFailure.Kind? {
    for (index, failure) in test.targetFailures.enumerated()
    where failure.write == writes + 1 && failed[index] < failure.times {
      failed[index] += 1
      return failure.kind
    }
    return nil
  }

  func check() throws(ConnectorError) {
    if !isOn { throw Self.killed }
  }

  static let killed = ConnectorError("test.killed", "The run was killed.", remedy: .stop)
}

extension PipelineTest {
  /// The tables of the events, by their `meta.table`; the first event with a `key` says what identifies a row.
  fileprivate var tables: [SourceTable] {
    var tables: [SourceTable] = []
    for case .event(let event) in given {
      guard let name = event.table else { continue }
      let key = event.key?.members?.map(\.name) ?? []
      if let known = tables.firstIndex(where: { $0.fullName == name }) {
        if tables[known].key.isEmpty { tables[known].key = key }
        continue
      }
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      tables.append(SourceTable(schema: parts.count > 1 ? parts[0] : nil, name: parts.last ?? name, key: key))
    }
    return tables
  }
}

extension GivenEvent {
  /// The table that it is about, `shop.products`.
  var table: String? { meta?["table"]?.string }
}

/// The files of the run.
struct ExampleCheckpoints: CheckpointStore {
  let disk: ExampleDisk
  var name: String { "the example's checkpoint" }

  func open() async throws(FlowError) -> Checkpoint? { disk.checkpoint }
  func save(_ checkpoint: Checkpoint) async throws(FlowError) {
    if disk.isOn { disk.checkpoint = checkpoint }
  }
  func close() async {}
}

struct ExampleLetters: DeadLetterSink {
  let disk: ExampleDisk

  /// Cuts off what was appended behind the checkpoint.
  func open(at mark: Value?) async throws(FlowError) {
    if let count = mark?.int { disk.letters.removeLast(max(0, disk.letters.count - Int(count))) }
  }
  func append(_ letters: [DeadLetter]) async throws(FlowError) {
    if disk.isOn { disk.letters += letters }
  }
  func flush() async throws(FlowError) -> Value? { .int(Int64(disk.letters.count)) }
  func close() async {}
}

struct ExampleKeys: KeyStore {
  let disk: ExampleDisk

  /// Cuts off what was remembered behind the checkpoint.
  func open(at mark: KeyMark?) async throws(FlowError) -> StoredKeys {
    let mark = mark ?? KeyMark(end: 0, heads: [])
    disk.keys = Array(disk.keys.prefix(Int(mark.end)))
    return StoredKeys(mark: mark, keys: disk.keys)
  }
  func append(_ keys: NumberedKeys) async throws(FlowError) {
    if disk.isOn { disk.keys = disk.keys.prefix(Int(keys.first)) + keys.keys }
  }
  func flush() async throws(FlowError) {}
  func release(before number: UInt64) async throws(FlowError) {}
  func close() async {}
}
