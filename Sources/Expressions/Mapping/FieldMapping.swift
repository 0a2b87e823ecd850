import Records

/// How one target field is made: where its value comes from, then the steps in the order of the properties below.
package struct FieldMapping: Sendable, Equatable {
  package enum Origin: Sendable, Equatable {
    /// A copy, which keeps every digit; what is not there is left out.
    case path(Path)
    case expression(EventExpression)
    case constant(Value)
  }

  package enum OnError: String, BitwiseCopyable, Sendable, CaseIterable {
    case deadLetter = "dead_letter"
    case null
    case `default`
  }

  package var from: Origin
  /// Value → value; what is in no key goes to `otherwise`, and without it is an error of that record.
  package var values: [Pair]?
  package var otherwise: Value?
  package var unit: UnitConversion?
  package var cast: Cast?
  package var trim = false
  /// The most characters (code points) a text may have.
  package var maxLength: Int?
  /// Cut at `maxLength` rather than refuse.
  package var truncate = false
  /// Takes the place of a value that is missing or null.
  package var fallback: Value?
  package var required = false
  package var onError: OnError = .deadLetter

  package struct Pair: Sendable, Equatable {
    package var from: Value
    package var to: Value
    package init(_ from: Value, _ to: Value) {
      self.from = from
      self.to = to
    }
  }

  package init(from: Origin) { self.from = from }
}

/// A cast that a mapping can name; one that loses something is an error of that record.
package enum Cast: String, BitwiseCopyable, Sendable, CaseIterable {
  case string, int, double, decimal, bool, date, timestamp, uuid, json, bytes
  case epochSeconds = "epoch_s"
  case epochMilliseconds = "epoch_ms"
}

/// What becomes of an event: the target's fields, in order.
package struct Mapping: Sendable, Equatable {
  package struct Field: Sendable, Equatable {
    package var name: String
    package var mapping: FieldMapping
    package init(_ name: String, _ mapping: FieldMapping) {
      self.name = name
      self.mapping = mapping
    }
  }

  /// The named fields, in the file's order.
  package var fields: [Field]
  /// Whether every other member of the record is passed on as it is (`mappings: all`, `"*": all`).
  package var passesRest: Bool
  /// Members that are not passed on although `passesRest` (`internal_note: drop`).
  package var dropped: [String]

  package init(fields: [Field], passesRest: Bool = false, dropped: [String] = []) {
    self.fields = fields
    self.passesRest = passesRest
    self.dropped = dropped
  }
}

/// A path compared with a literal.
package struct Filter: Sendable, Equatable {
  package enum Comparison: String, BitwiseCopyable, Sendable, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  package var path: Path
  package var comparison: Comparison
  package var literal: Value

  package init(_ path: Path, _ comparison: Comparison, _ literal: Value) {
    self.path = path
    self.comparison = comparison
    self.literal = literal
  }
}

/// Runs the transforms and the mapping of a pipeline over a decoded batch: sets the outcome of events that end here
/// and fills `batch.rows` for all that go on. Belongs to one lane; never throws, a failing event becomes a ``Failure``.
package protocol Mapper: AnyObject {
  func map(_ batch: Batch)
}
