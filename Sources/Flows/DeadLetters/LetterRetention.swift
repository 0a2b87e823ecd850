import ConnectorKit

/// Which dead letters stay in their file: those that nobody has worked through, as long and as many as the pipeline says.
///
/// A value that decides and touches no file.
package struct LetterRetention: Sendable, Equatable {
  /// How long open ones stay, in milliseconds; nil: until somebody works through them.
  package var age: Int64?
  /// The most that they take, in bytes; the oldest go first. nil: whatever they take.
  package var bytes: UInt64?

  package init(age: Int64? = nil, bytes: UInt64? = nil) {
    self.age = age
    self.bytes = bytes
  }

  /// What is known of one line of the file.
  package struct Line: Equatable {
    package var id: String
    /// As the letter has it, which tells it from an earlier one of the same event, and in milliseconds since 1970.
    package var time: String
    package var at: Int64
    package var bytes: UInt64

    package init(id: String, time: String, at: Int64, bytes: UInt64) {
      (self.id, self.time, self.at, self.bytes) = (id, time, at, bytes)
    }
  }

  package struct Verdict: Equatable {
    /// Whether each line stays.
    package var stays: [Bool]
    /// What became of the letters that go: sent again, discarded, or older or more than what is kept.
    package var gone = LetterTotals()
  }

  /// - Parameters:
  ///   - lines: in the order of the file.
  ///   - entries: what became of letters, by their ids.
  package func verdict(
    _ lines: [Line], _ entries: [String: LetterJournal.Entry], now: Int64
  ) -> Verdict {
    var verdict = Verdict(stays: Array(repeating: true, count: lines.count))
    // Of an event that failed several times, the last counts.
    var last: [String: Int] = [:]
    for (index, line) in lines.enumerated() { last[line.id] = index }
    var kept: UInt64 = 0
    for index in lines.indices.reversed() {
      let line = lines[index]
      guard last[line.id] == index else {
        verdict.stays[index] = false
        continue
      }
      switch entries[line.id].flatMap({ $0.time == line.time ? $0.outcome : nil }) {
      case .replayed: verdict.gone.replayed += 1
      case .discarded: verdict.gone.discarded += 1
      case .failed, nil:
        let isOld = age.map { now - line.at > $0 } ?? false
        let isTooMuch = bytes.map { kept + line.bytes > $0 } ?? false
        if !isOld, !isTooMuch {
          kept += line.bytes
          continue
        }
        verdict.gone.expired += 1
      }
      verdict.stays[index] = false
    }
    return verdict
  }
}

/// What became of dead letters that are in no file any more.
package struct LetterTotals: Sendable, Equatable {
  package var replayed = 0
  package var discarded = 0
  /// Older or more than what is kept.
  package var expired = 0

  package init(replayed: Int = 0, discarded: Int = 0, expired: Int = 0) {
    (self.replayed, self.discarded, self.expired) = (replayed, discarded, expired)
  }

  package static func + (a: LetterTotals, b: LetterTotals) -> LetterTotals {
    LetterTotals(
      replayed: a.replayed + b.replayed, discarded: a.discarded + b.discarded, expired: a.expired + b.expired)
  }
}
