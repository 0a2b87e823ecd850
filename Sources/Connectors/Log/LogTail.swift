/// Finds where a segment that was not closed ends, after a crash.
///
/// A crash can tear what was not yet durable, in the middle too: a disk stores blocks in its own order. What was durable
/// is whole, and a frame says how far the log was durable when it was written; so a hole in front of a frame that knew
/// it to be durable is damage, and nothing is cut off then.
struct LogTail: Equatable {
  /// Behind the last whole frame, in bytes from the segment's first.
  var end: Int
  /// The number of the next record.
  var nextSequence: UInt64
  /// The time of the last record; nil without one.
  var time: Int64?
  /// Whether something that was durable stands behind `end`.
  var isDamaged: Bool

  init(_ bytes: UnsafeRawBufferPointer, firstSequence: UInt64) {
    (end, nextSequence, time, isDamaged) = (LogSegment.headBytes, firstSequence, nil, false)
    while case .frame(let frame) = LogFrame.look(bytes, at: end), frame.sequence == nextSequence {
      end = frame.end
      nextSequence += 1
      time = frame.time
    }
    isDamaged = Self.hasWitness(bytes, behind: end, after: nextSequence)
  }

  /// Whether a later frame was written when the log was durable beyond `end`.
  private static func hasWitness(_ bytes: UnsafeRawBufferPointer, behind end: Int, after sequence: UInt64) -> Bool {
    var place = end + 1
    while place + LogFrame.headBytes <= bytes.count {
      // The number of a later record of this segment is near; all else is not worth a checksum.
      let number = bytes.little(UInt64.self, at: place + 8)
      if number > sequence, number - sequence <= UInt64(bytes.count) / UInt64(LogFrame.headBytes),
        case .frame(let frame) = LogFrame.look(bytes, at: place)
      {
        if place - Int(frame.undurable) > end { return true }
        place = frame.end
      } else {
        place += 1
      }
    }
    return false
  }
}
