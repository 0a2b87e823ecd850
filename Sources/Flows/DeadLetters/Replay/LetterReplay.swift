import ConnectorKit
import Records
import Synchronization

/// Events on their way through a pipeline once more, and the books that are kept of them where they are dead letters.
///
/// A letter counts as done when its rows are durable in the target, and not before; after a crash it is sent again, with
/// the same event id. One that is refused again stays open, with its new reason.
package final class LetterReplay: Sendable {
  /// A letter that is sent again.
  package struct Letter: Sendable {
    package var id: String
    package var time: String
    /// Its event as one line of JSON: `op`, `record`, `key`, `before`, `meta`, `types`.
    package var event: String

    package init(id: String, time: String, event: String) {
      self.id = id
      self.time = time
      self.event = event
    }
  }

  /// What letters of a replay call their origin.
  package static let origin = "dead letters"

  private struct State {
    var refused: [Int: LetterJournal.Reason] = [:]
    /// How many letters, from the first on, are in the journal.
    var settled = 0
  }

  let letters: [Letter]
  /// The source's table that all of them are about; nil where it has none.
  let table: SourceTable?
  private let journal: LetterJournal?
  private let wallTime: @Sendable () -> Int64
  private let state = Mutex(State())

  /// - Parameters:
  ///   - journal: nil where nobody keeps books.
  ///   - wallTime: milliseconds since 1970, UTC.
  package init(
    _ letters: [Letter], table: SourceTable? = nil, _ journal: LetterJournal?, wallTime: @escaping @Sendable () -> Int64
  ) {
    self.letters = letters
    self.table = table
    self.journal = journal
    self.wallTime = wallTime
  }

  package var source: any Source { LetterSource(self) }
  package var sink: any DeadLetterSink { Sink(replay: self) }
  package var checkpoints: any CheckpointStore { NoCheckpoints() }

  /// Why events were refused, by their place among the letters.
  package var refusals: [Int: LetterJournal.Reason] { state.withLock { $0.refused } }

  fileprivate func refuse(_ letter: DeadLetter) {
    guard let line = letter.line else { return }
    let reason = LetterJournal.Reason(
      code: letter.code, stage: letter.stage, field: letter.field, message: letter.message)
    state.withLock { $0.refused[Int(line) - 1] = reason }
  }

  /// All letters before `end` are durable in the target, or refused.
  fileprivate func settle(before end: Int) throws(ConnectorError) {
    guard let journal else { return }
    let now = wallTime()
    let (start, refused) = state.withLock { ($0.settled, $0.refused) }
    guard start < end else { return }
    let entries = (start..<min(end, letters.count)).map { index in
      LetterJournal.Entry(
        id: letters[index].id, time: letters[index].time, outcome: refused[index] == nil ? .replayed : .failed, at: now,
        reason: refused[index])
    }
    do throws(FileError) { try journal.append(entries) } catch { throw error.connectorError }
    state.withLock { $0.settled = end }
  }

  /// Hears what is refused again. Nothing is written to the letters' file: the letter stands there already.
  private struct Sink: DeadLetterSink {
    let replay: LetterReplay
    func open(at mark: Value?) async throws(FlowError) {}
    func append(_ letters: [DeadLetter]) async throws(FlowError) { letters.forEach { replay.refuse($0) } }
    func flush() async throws(FlowError) -> Value? { nil }
    func close() async {}
  }

  /// A replay begins where the journal says, so it has no checkpoint; the pipeline's own is held, and left as it is.
  private struct NoCheckpoints: CheckpointStore {
    var name: String { "none" }
    func open() async throws(FlowError) -> Checkpoint? { nil }
    func save(_ checkpoint: Checkpoint) async throws(FlowError) {}
    func close() async {}
  }
}

/// Gives the letters in the order in which they first failed.
private actor LetterSource: Source {
  /// How much a batch holds, about, in bytes.
  private static let batchBytes = 256 << 10

  private let replay: LetterReplay
  private let list: TableList?
  private var next = 0

  init(_ replay: LetterReplay) {
    self.replay = replay
    list = replay.table.map { TableList([$0]) }
  }

  func tables(at position: Position?) -> [SourceTable] { list?.tables ?? [] }

  func open(at position: Position?) throws(ConnectorError) { next = position?.value.int.map { Int($0) } ?? 0 }

  func next(into batch: Batch) throws(ConnectorError) -> Next {
    guard next < replay.letters.count else { return .end }
    batch.origin = Origin(name: LetterReplay.origin, line: UInt64(next + 1))
    batch.tables = list
    while next < replay.letters.count, batch.bytes.isEmpty || batch.bytes.count < Self.batchBytes {
      batch.bytes.append(replay.letters[next].event)
      batch.bytes.append("\n")
      next += 1
    }
    batch.inputBytes = batch.bytes.count
    batch.position = Position(format: 1, value: .int(Int64(next)))
    return .batch
  }

  nonisolated func makeDecoder() -> any Decoder { LetterDecoder() }

  func acknowledge(_ positions: [Position]) throws(ConnectorError) {
    guard let last = positions.last?.value.int else { return }
    try replay.settle(before: Int(last))
  }

  func extent() -> Extent? { Extent(unit: .rows, total: UInt64(replay.letters.count), done: UInt64(next)) }

  func close() {}
}

/// Makes the event again that a letter was written of.
private final class LetterDecoder: Decoder {
  private let keys = KeyTable()
  private var reader: JSONReader

  init() { reader = JSONReader(keys: keys) }

  func decode(_ batch: Batch) {
    var start = 0
    var line: UInt32 = 0
    while start < batch.inputBytes {
      let end = batch.bytes.bytes[start..<batch.inputBytes].firstIndex(of: 0x0a) ?? batch.inputBytes
      decode(start..<end, line, batch)
      start = end + 1
      line += 1
    }
    batch.keys = keys.snapshot
  }

  private func decode(_ range: Range<Int>, _ line: UInt32, _ batch: Batch) {
    var event = Records.Event(
      .read, record: Records.Event.none, offset: UInt32(range.lowerBound), length: UInt32(range.count))
    event.line = line
    guard let root = try? reader.read(batch.bytes, range, into: &batch.nodes) else {
      batch.events.append(event)
      let index = batch.events.count - 1
      return batch.fail(
        index, Failure(event: index, code: "decode.invalid_json", stage: "decode", message: "the letter is no JSON"))
    }
    let names = keys.snapshot
    batch.keys = names
    var types = Value.null
    for child in batch.children(of: root) where child.keyText == nil {
      let node = batch.nodes[child.node]
      switch names[node.key] {
      case "op": event.operation = Operation(name: batch.text(node)) ?? .read
      case "record": event.record = place(child.node, batch)
      case "key": event.key = place(child.node, batch)
      case "before": event.before = place(child.node, batch)
      case "meta": event.meta = place(child.node, batch)
      case "types": types = batch.value(at: child.node)
      default: continue
      }
    }
    for part in [event.record, event.key, event.before] { batch.setHiddenTypes(types, at: part) }
    batch.events.append(event)
  }

  private func place(_ node: Int, _ batch: Batch) -> UInt32 {
    batch.nodes[node].kind == .object ? UInt32(node) : Records.Event.none
  }
}
