import Records

/// Which of a source's rows a backfill loads; all where nothing is said.
package struct SourcePart: Sendable, Equatable {
  /// A condition in the source's own language.
  package var condition: String?
  /// From this key on: the texts of the key's columns, in its order.
  package var from: [String]?
  /// Up to this key, which is no longer part of it.
  package var to: [String]?
  package var shard: Shard?
  /// Only the rows of these keys; for looking at them, never for a backfill.
  package var keys: Keys?

  /// Some rows, by the values of columns that identify them.
  package struct Keys: Sendable, Equatable {
    package var columns: [String]
    /// The texts of the columns' values, a row each; at most ``rowsMax``.
    package var rows: [[String]]

    /// The most rows that are asked for at once.
    package static let rowsMax = 1_000

    package init(columns: [String], rows: [[String]]) {
      self.columns = columns
      self.rows = rows
    }
  }

  /// One of several parts that are disjoint and together complete, whatever is written meanwhile: each row belongs to
  /// the part that a hash of its key says.
  package struct Shard: Sendable, Equatable {
    /// Counted from 1.
    package var number: Int
    package var count: Int

    /// The most parts.
    package static let countMax = 1_024

    /// nil where there is no such part.
    package init?(_ number: Int, of count: Int) {
      guard (1...Self.countMax).contains(count), (1...count).contains(number) else { return nil }
      self.number = number
      self.count = count
    }
  }

  package init() {}

  package var isWhole: Bool { self == SourcePart() }

  /// What tells it from others, as part of a fingerprint.
  package var value: Value {
    let key = { (key: [String]?) -> Value in key.map { .array($0.map { .string($0) }) } ?? .null }
    return [
      "where": condition.map { .string($0) } ?? .null, "from": key(from), "to": key(to),
      "shard": shard.map { .string("\($0.number)/\($0.count)") } ?? .null,
    ]
  }
}
