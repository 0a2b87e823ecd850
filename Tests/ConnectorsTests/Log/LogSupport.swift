import ConnectorKit
import Records
import Synchronization

@testable import Connectors

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A clock that tests set, in milliseconds.
final class TestClock: Sendable {
  private let time: Mutex<Int64>
  init(_ time: Int64 = 1_000_000) { self.time = Mutex(time) }
  var now: Int64 { time.withLock { $0 } }
  func set(_ new: Int64) { time.withLock { $0 = new } }
}

extension LogDisk {
  /// Stores the texts as one group.
  mutating func store(_ texts: [String], attributes: String = "", at now: Int64 = 1_000_000) throws {
    var frames = ByteBuffer()
    for text in texts {
      frames.reserve(LogFrame.headBytes)
      LogFrame.begin(
        UnsafeMutableRawBufferPointer(start: frames.end, count: LogFrame.headBytes), attributes: attributes.utf8.count,
        payload: text.utf8.count)
      frames.advance(by: LogFrame.headBytes)
      frames.append(attributes)
      frames.append(text)
    }
    try store(frames.contents, now: now)
  }
}

extension TemporaryFolder {
  func disk(_ name: String = "log", retention: LogRetention = .test, now: Int64 = 1_000_000) throws -> LogDisk {
    try LogDisk(path(name), retention, now: now)
  }

  func logSource(
    _ name: String = "log", from: LogStart = .beginning, follows: Bool = false, batchBytes: Int = 4_096,
    format: MessageFormat = .json, pointers: EventPointers = EventPointers()
  ) -> LogSource {
    LogSource(
      LogReading(path: path(name), start: from, format: format, pointers: pointers, ends: !follows),
      context(batchBytes: batchBytes))
  }

  /// The payloads of all records of a log, read as one who follows it reads them.
  func payloads(_ name: String = "log", batchBytes: Int = 1_000) throws -> [String] {
    guard var reader = try LogReader.open(path(name), at: nil, or: .beginning) else { return [] }
    var payloads: [String] = []
    let batch = Batch()
    while let end = try reader.head()?.end, try reader.fill(batch, upTo: end, bytes: batchBytes) {
      var place = 0
      while place < batch.inputBytes, let frame = LogFrame.read(batch.bytes.bytes, at: place) {
        payloads.append(String(decoding: batch.bytes.bytes[frame.payload], as: UTF8.self))
        place = frame.end
      }
      batch.reset()
    }
    return payloads
  }
}

extension LogRetention {
  static let test = LogRetention(age: .max, bytes: .max)

  /// Small segments, so that a test sees many.
  static func small(_ segmentBytes: UInt64, bytes: UInt64 = .max, age: Int64 = .max) -> LogRetention {
    var retention = LogRetention(age: age, bytes: bytes)
    retention.segmentBytes = segmentBytes
    return retention
  }
}
