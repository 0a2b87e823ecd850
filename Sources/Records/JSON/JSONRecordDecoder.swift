import CScan
import Glibc

/// Makes an event of each JSON object of a batch.
///
/// Objects are separated by a byte that cannot stand unescaped inside one: the newline of NDJSON, or the record
/// separator (0x1E) by which the framer of a JSON array replaces the commas between its elements.
public final class JSONRecordDecoder: Decoder {
  /// Separates the elements of an array, RFC 7464's record separator.
  public static let arraySeparator: UInt8 = 0x1e

  private let keys = KeyTable()
  private var reader: JSONReader
  private var shapes = ShapeReader()
  private let separator: UInt8

  public init(separator: UInt8 = 0x0a) {
    self.separator = separator
    reader = JSONReader(keys: keys)
  }

  public func decode(_ batch: Batch) {
    let end = batch.bytes.count
    precondition(end < Int(UInt32.max), "a batch of 4 GiB or more")
    // Ends every scan at the end of the batch.
    batch.bytes.end.pointee = 0
    shapes.begin()
    var start = 0
    var line: UInt32 = 0
    while start < end {
      if separator != 0x0a { skipSpace(&start, &line, batch) }
      let stop =
        decodeKnown(from: start, line: line, of: batch) ?? decodeAny(from: start, line: line, of: batch)
      line += separator == 0x0a ? 1 : newlines(start..<stop, of: batch)
      start = stop + 1
    }
    batch.keys = keys.snapshot
  }

  /// Reads the record at `start` if it has the shape of an earlier one.
  ///
  /// - Returns: where it ends.
  private func decodeKnown(from start: Int, line: UInt32, of batch: Batch) -> Int? {
    batch.nodes.reserve(ShapeTable.nodesMax)
    let base = UnsafePointer(batch.bytes.base)
    let root = batch.nodes.count
    guard
      let match = shapes.read(
        base + start, base: base, end: UnsafePointer(batch.bytes.end), separator: separator,
        into: batch.nodes.base + root, root: root)
    else { return nil }
    batch.nodes.setCount(root + match.nodes)
    var event = Event(
      .read, record: UInt32(truncatingIfNeeded: root), offset: UInt32(truncatingIfNeeded: start),
      length: UInt32(truncatingIfNeeded: match.end - base - start))
    event.line = line
    event.shape = match.shape
    batch.events.append(event)
    return match.end - base
  }

  private func decodeAny(from start: Int, line: UInt32, of batch: Batch) -> Int {
    let end = batch.bytes.count
    let found = memchr(batch.bytes.base + start, Int32(separator), end - start)
    let stop =
      found.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(batch.bytes.base) } ?? end
    decode(start..<stop, line: line, of: batch)
    return stop
  }

  /// An element of an indented array begins behind line breaks.
  private func skipSpace(_ start: inout Int, _ line: inout UInt32, _ batch: Batch) {
    let space = batch.bytes.bytes[start...].prefix { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }.count
    line += newlines(start..<start + space, of: batch)
    start += space
  }

  private func decode(_ range: Range<Int>, line: UInt32, of batch: Batch) {
    var event = Event(
      .read, record: Event.none, offset: UInt32(range.lowerBound), length: UInt32(range.count))
    event.line = line
    do {
      let root = try reader.read(batch.bytes, range, into: &batch.nodes)
      event.record = UInt32(root)
      event.shape = shapes.learn(batch, range, root: root)
      batch.events.append(event)
      if batch.nodes.base[root].kind != .object { failNotAnObject(batch, root) }
    } catch {
      if error.reason == .empty { return }
      batch.events.append(event)
      batch.fail(
        batch.events.count - 1,
        Failure(
          event: batch.events.count - 1, code: Self.code(error.reason), stage: "decode",
          message: "\(error.reason.rawValue), at byte \(error.offset + 1) of the record"))
    }
  }

  private func failNotAnObject(_ batch: Batch, _ root: Int) {
    let event = batch.events.count - 1
    batch.fail(
      event,
      Failure(
        event: event, code: "decode.not_an_object", stage: "decode",
        message: "a record is a JSON object; this is \(batch.nodes[root].kind.phrase)"))
  }

  private static func code(_ reason: JSONProblem.Reason) -> String {
    switch reason {
    case .invalidUTF8: "decode.invalid_utf8"
    case .tooDeep: "decode.too_deep"
    default: "decode.invalid_json"
    }
  }

  private func newlines(_ range: Range<Int>, of batch: Batch) -> UInt32 {
    UInt32(scan_count(batch.bytes.base + range.lowerBound, batch.bytes.base + range.upperBound, 0x0a))
  }
}

extension Node.Kind {
  /// With its article, for messages: "a string".
  public var phrase: String {
    switch self {
    case .absent: "missing"
    case .null: "null"
    case .true, .false: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    case .keyText: "a key"
    }
  }
}
