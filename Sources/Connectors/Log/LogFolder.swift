import ConnectorKit
import Glibc

/// The files of a log: its segments, `head` with what is durable, and `lock`, which its one writer holds.
struct LogFolder: Sendable {
  let path: String

  init(_ path: String) { self.path = path }

  var lockPath: String { Files.join(path, "lock") }
  var headPath: String { Files.join(path, "head") }
  func path(of segment: LogSegment) -> String { Files.join(path, segment.name) }

  /// The segments in order. A last one whose head is not whole was never written to, and is left out.
  func segments() throws(LogError) -> [LogSegment] {
    var segments: [LogSegment] = []
    let bases = try names().compactMap { LogSegment.base(ofName: $0) }.sorted()
    for (index, base) in bases.enumerated() {
      switch try look(base) {
      // Retention has just removed it.
      case .gone: continue
      case .unreadable where index == bases.count - 1: break
      case .unreadable: throw .corrupt(path, base, "the segment's head cannot be read")
      case .segment(let segment):
        if let last = segments.last, last.end != segment.base || last.log != segment.log {
          throw .corrupt(path, last.end, "the next segment begins at \(segment.base)")
        }
        segments.append(segment)
      }
    }
    return segments
  }

  private func names() throws(LogError) -> [String] {
    do throws(FileError) { return try Files.names(in: path) } catch { throw .file(error) }
  }

  private enum Look {
    case gone, unreadable
    case segment(LogSegment)
  }

  private func look(_ base: UInt64) throws(LogError) -> Look {
    do throws(FileError) {
      let file = try DurableFile(path(of: LogSegment(base: base, firstSequence: 0, time: 0, log: 0)), for: .reading)
      let head = try file.read(at: 0, count: LogSegment.headBytes)
      return LogSegment(head: head, base: base, size: try file.info().size).map { .segment($0) } ?? .unreadable
    } catch {
      if error.number == ENOENT { return .gone }
      throw .file(error)
    }
  }
}

/// How far a log is durable, as its writer tells its readers through the file `head`.
///
/// It is written after each sync and never synced itself: after a loss of power it may be too low, never too high.
struct LogHead: Equatable, Sendable {
  static let bytes = 24

  /// The address behind the last durable record.
  var end: UInt64
  /// The number of the next record.
  var nextSequence: UInt64

  init(end: UInt64, nextSequence: UInt64) {
    self.end = end
    self.nextSequence = nextSequence
  }

  /// nil where the bytes are half of one and half of another.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.bytes else { return nil }
    let numbers = bytes.withUnsafeBytes { bytes in (0..<3).map { bytes.little(UInt64.self, at: $0 * 8) } }
    guard numbers[0] ^ numbers[1] ^ Self.mark == numbers[2] else { return nil }
    (end, nextSequence) = (numbers[0], numbers[1])
  }

  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.bytes)
    bytes.withUnsafeMutableBytes { bytes in
      bytes.setLittle(end, at: 0)
      bytes.setLittle(nextSequence, at: 8)
      bytes.setLittle(end ^ nextSequence ^ Self.mark, at: 16)
    }
    return bytes
  }

  private static let mark: UInt64 = 0x6461_6548_676f_4c21
}
