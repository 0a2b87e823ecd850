import ConnectorKit
import Glibc
import Records
import Synchronization
import Testing

@testable import Connectors

/// A folder of a test's own, removed with everything in it when the test ends.
final class TemporaryFolder: Sendable {
  let path: String
  private let kept = Mutex<[any Sendable]>([])

  /// Keeps something alive as long as the folder.
  func keep(_ thing: any Sendable) { kept.withLock { $0.append(thing) } }

  /// The last of its kind that was kept.
  func kept<Thing: Sendable>(_ type: Thing.Type) -> Thing? { kept.withLock { $0.last { $0 is Thing } as? Thing } }

  init() throws {
    var template = Array("/tmp/millrace-tests-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
    try #require(made)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    for name in (try? Files.names(in: path)) ?? [] {
      let child = Files.join(path, name)
      var status = stat()
      if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { remove(child) } else { unlink(child) }
    }
    rmdir(path)
  }

  func path(_ name: String) -> String { Files.join(path, name) }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let file = try DurableFile(path(name), for: .writing)
    try file.truncate(to: 0)
    try bytes.withUnsafeBytes { try file.write($0) }
  }

  func append(_ text: String, to name: String) throws {
    let file = try DurableFile(path(name), for: .appending)
    try Array(text.utf8).withUnsafeBytes { try file.write($0) }
  }

  func bytes(of name: String) throws -> [UInt8] {
    let file = try DurableFile(path(name), for: .reading)
    return try file.read(at: 0, count: Int(file.info().size))
  }

  func text(of name: String) throws -> String { String(decoding: try bytes(of: name), as: UTF8.self) }

  func names() throws -> [String] { try Files.names(in: path) }

  /// A context in which waiting takes no time, and what is said is kept.
  func context(batchBytes: Int = 1 << 20, said: Notes = Notes()) -> Context {
    Context(
      pipeline: "test", folder: path, batchBytes: batchBytes, sleep: { _ in !Task.isCancelled },
      note: { note in said.notes.withLock { $0.append(note) } })
  }
}

final class Notes: Sendable {
  let notes = Mutex<[String]>([])
  var all: [String] { notes.withLock { $0 } }
}

/// What a source gave, decoded.
struct Reading: Equatable {
  var records: [Value] = []
  /// `code@line` of each dead letter.
  var failures: [String] = []
  /// Line of each record.
  var lines: [UInt64] = []
  /// Position behind each batch, and how many events there were up to it.
  var positions: [(position: Position, events: Int)] = []
  var origins: [Origin] = []

  static func == (a: Reading, b: Reading) -> Bool {
    a.records == b.records && a.failures == b.failures && a.lines == b.lines
  }

  mutating func take(_ batch: Batch, _ decoder: any Decoder) {
    decoder.decode(batch)
    for index in batch.events.indices {
      let event = batch.events[index]
      if event.outcome == .deadLettered { continue }
      records.append(batch.value(at: Int(event.record)))
      lines.append(batch.line(of: event) ?? 0)
    }
    for failure in batch.failures {
      failures.append("\(failure.code)@\(batch.line(of: batch.events[failure.event]) ?? 0)")
    }
    positions.append((batch.position, records.count + failures.count))
    origins.append(batch.origin)
  }
}

/// Reads a source to its end, or until it has nothing for a while.
func read(_ source: any Source, at position: Position? = nil, idleMax: Int = 0) async throws -> Reading {
  try await source.open(at: position)
  return try await readOn(source, idleMax: idleMax)
}

func readOn(_ source: any Source, idleMax: Int = 0) async throws -> Reading {
  let decoder = source.makeDecoder()
  var reading = Reading()
  var idle = 0
  let batch = Batch()
  while idle <= idleMax {
    batch.reset()
    switch try await source.next(into: batch) {
    case .batch: reading.take(batch, decoder)
    case .idle:
      let isUntouched = batch.bytes.isEmpty
      #expect(isUntouched)
      idle += 1
    case .end, .reopen: return reading
    }
  }
  return reading
}

/// Rows of cells with plain texts; nil is null. Each is of an event of its own, whose place is that of the row.
func payload(
  _ rows: [[String?]], _ encoder: any Encoder, operations: [Operation] = [], from first: Int = 0
) throws -> Payload {
  let batch = Batch()
  batch.origin = Origin(name: "test", offset: UInt64(first))
  let payload = Payload()
  for (index, row) in rows.enumerated() {
    let firstCell = batch.rows.cells.count
    for cell in row {
      guard let cell else {
        batch.rows.cells.append(.null)
        continue
      }
      let offset = batch.bytes.count
      batch.bytes.append(cell)
      batch.rows.cells.append(
        Node(.string, flags: .plain, offset: UInt32(offset), length: UInt32(batch.bytes.count - offset)))
    }
    let operation = operations.isEmpty ? .read : operations[index]
    batch.events.append(Event(operation, record: Event.none, offset: UInt32(index), length: 0))
    batch.rows.rows.append(
      Row(
        operation == .delete ? .delete : .upsert, event: UInt32(index), firstCell: UInt32(firstCell), rest: Event.none,
        keyHash: 0))
  }
  for index in batch.rows.rows.indices { try encoder.encode(row: index, of: batch, into: payload) }
  return payload
}

/// The code of the error that `body` throws.
func code(_ body: () async throws -> Void) async -> String? {
  do {
    try await body()
    return nil
  } catch let error as ConnectorError {
    #expect(!error.message.isEmpty && error.message.hasSuffix("."), "\(error.message)")
    if error.remedy == .stop { #expect(error.hint != nil, "\(error.code) says nothing to do") }
    return error.code
  } catch {
    return "\(error)"
  }
}

/// Text that does not pack well, 40 kB.
func noise(_ seed: Int) -> String {
  var state = UInt64(seed) &+ 1
  return (0..<2_500).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return String(state | 1 << 63, radix: 16)
  }.joined()
}
