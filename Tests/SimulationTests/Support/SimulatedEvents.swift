import ConnectorKit
import Expressions
import Flows
import Records

/// What is to become of a simulated event; its letter stands in its text.
enum Fate: Character, CaseIterable, Sendable {
  case written = "w"
  /// Two rows, the second with another key and so perhaps another lane.
  case twice = "t"
  case filtered = "f"
  case duplicate = "u"
  case undecodable = "x"
  case unmappable = "m"
  case unencodable = "e"
  case rejected = "r"
  /// Two rows, of which the target refuses the second.
  case halfRejected = "h"
  case stale = "s"
  /// The target fails for it a few times while it stores others.
  case failing = "l"
  /// The target always fails for it while it stores others; how it ends depends on what comes behind it.
  case poisonous = "p"

  /// Those whose end is known beforehand.
  static let certain = allCases.filter { $0 != .poisonous }

  /// How many rows of it must stand in the target at the end.
  var rows: Int {
    switch self {
    case .written, .failing: 1
    case .twice: 2
    default: 0
    }
  }

  /// Whether the target refuses it.
  var isRefused: Bool { self == .rejected || self == .halfRejected }

  var code: String? {
    switch self {
    case .undecodable: "decode.bad"
    case .unmappable: "mapping.bad"
    case .unencodable: "encode.bad"
    case .rejected, .halfRejected: "target.refused"
    default: nil
    }
  }
}

/// One event in the source, and what a row of it is in the target: `07 0042 000123 w 0042`.
struct SimulatedEvent: Equatable, Sendable {
  var key: Int
  /// Its place among all events of the world.
  var sequence: Int
  /// Counts how often the source gave events away: the source's order.
  var delivery = 0
  var fate: Fate
  /// What it is told from others by; a repetition has that of an earlier event.
  var identity: Int

  static let length = 22

  var line: String {
    "\(digits(key, 2)) \(digits(sequence, 4)) \(digits(delivery, 6)) \(fate.rawValue) \(digits(identity, 4))\n"
  }

  init(key: Int, sequence: Int, fate: Fate, identity: Int? = nil) {
    self.key = key
    self.sequence = sequence
    self.fate = fate
    self.identity = identity ?? sequence
  }

  init(_ bytes: UnsafeRawBufferPointer) {
    key = Self.number(bytes, 0..<2)
    sequence = Self.number(bytes, 3..<7)
    delivery = Self.number(bytes, 8..<14)
    fate = Fate(rawValue: Character(UnicodeScalar(bytes[15]))) ?? .written
    identity = Self.number(bytes, 17..<21)
  }

  static func number(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
    var number = 0
    for index in range { number = number * 10 + Int(bytes[index] - UInt8(ascii: "0")) }
    return number
  }

  private func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: count - text.count) + text
  }
}

final class SimulatedDecoder: Decoder {
  func decode(_ batch: Batch) {
    var offset = 0
    var line: UInt32 = 0
    while offset < batch.inputBytes {
      let node = UInt32(batch.nodes.count)
      let length = UInt32(SimulatedEvent.length - 1)
      batch.nodes.append(Node(.string, flags: .plain, next: node + 1, offset: UInt32(offset), length: length))
      var event = Records.Event(.create, record: node, offset: UInt32(offset), length: length)
      event.line = line
      let fate = Fate(rawValue: Character(UnicodeScalar(batch.bytes.base[offset + 15])))
      if fate == .undecodable { event.record = Records.Event.none }
      batch.events.append(event)
      if fate == .undecodable { batch.refuse(batch.events.count - 1, "decode.bad", "decode") }
      offset += SimulatedEvent.length
      line += 1
    }
  }
}

final class SimulatedMapper: Mapper {
  private let dedupes: Bool

  init(dedupes: Bool) { self.dedupes = dedupes }

  func map(_ batch: Batch) {
    for index in batch.events.indices where batch.events[index].outcome == .flowing {
      let event = batch.simulatedEvent(index)
      if dedupes {
        let digest = KeyDigest(high: 1, low: UInt64(event.identity))
        batch.dedupeKeys.append(DedupeKey(event: UInt32(index), step: 0, stamp: 0, digest: digest))
      }
      switch event.fate {
      case .filtered: batch.events[index].outcome = .filtered
      case .duplicate: batch.events[index].outcome = .duplicate
      case .unmappable: batch.refuse(index, "mapping.bad", "mapping")
      case .twice, .halfRejected:
        batch.addRow(index, key: event.key)
        batch.addRow(index, key: event.key + 50)
      default: batch.addRow(index, key: event.key)
      }
    }
  }
}

extension Batch {
  fileprivate func refuse(_ event: Int, _ code: String, _ stage: String) {
    fail(event, Failure(event: event, code: code, stage: stage, message: "on purpose"))
  }

  fileprivate func addRow(_ event: Int, key: Int) {
    var random = SeededRandom(seed: UInt64(key))
    rows.rows.append(
      Row(.upsert, event: UInt32(event), firstCell: UInt32(key), rest: Event.none, keyHash: random.next()))
  }

  func simulatedEvent(_ index: Int) -> SimulatedEvent {
    SimulatedEvent(UnsafeRawBufferPointer(rebasing: bytes.bytes[Int(events[index].offset)...]))
  }
}

final class SimulatedEncoder: Encoder {
  func encode(row: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[row]
    let event = batch.events[Int(row.event)]
    let start = Int(event.offset)
    if batch.simulatedEvent(Int(row.event)).fate == .unencodable {
      throw Refusal(code: "encode.bad", message: "on purpose")
    }
    payload.bytes.append(UInt8(row.firstCell))
    payload.bytes.append(
      UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[start..<start + SimulatedEvent.length]))
    payload.rows.append(.init(end: UInt64(payload.bytes.count), event: row.event))
  }
}

/// A row as a target stores it.
struct SimulatedRow: Equatable, Sendable {
  /// The row's own key; the event's, or that of the second row of an event.
  var key: Int
  var event: SimulatedEvent

  var keyHash: UInt64 {
    var random = SeededRandom(seed: UInt64(key))
    return random.next()
  }

  /// The rows of a payload, in order.
  static func all(of payload: Payload) -> [SimulatedRow] {
    (0..<payload.rows.count).map { index in
      let start = index * (SimulatedEvent.length + 1)
      let bytes = UnsafeRawBufferPointer(rebasing: payload.bytes.bytes[(start + 1)...])
      return SimulatedRow(key: Int(payload.bytes.bytes[start]), event: SimulatedEvent(bytes))
    }
  }
}
