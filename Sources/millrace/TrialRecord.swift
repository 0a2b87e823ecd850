import Records

/// What became of a record on a trial: a row of the target, or why there is none.
struct TrialRecord: Sendable {
  /// One field of the target.
  struct Field: Sendable {
    var name: String
    /// nil where the field is left out.
    var value: Value?
    /// The cast that the mapping names.
    var cast: String?
    /// Where it came from; nil for a constant.
    var path: String?
    /// Whether `path` is an expression that no single value of the record stands behind.
    var isComputed = false
    var original: Value?

    /// What the value is: the mapping's cast, or what JSON calls it.
    var type: String? {
      guard let value, !value.isNull else { return value.map { _ in "null" } }
      return cast ?? value.typeName
    }
  }

  /// What the target holds under the row's key.
  enum Held: Sendable {
    case nothing
    case row(Value)
  }

  /// A field that the row changes in what the target holds.
  struct Change: Sendable {
    var name: String
    /// nil where the target does not have the field.
    var before: Value?
    var after: Value
  }

  var place: String
  /// The source's table; nil where the pipeline has no streams.
  var table: String?
  /// Which of the pipeline's ways the row took.
  var stream = 0
  /// What the target would do; nil for a record that does not reach it.
  var operation: RowOperation?
  var key = Value.null
  /// The record as it was read; for one that could not be decoded its text.
  var record: Value
  var fields: [Field] = []
  var failure: Failure?
  /// Whether a record like it came before.
  var isDuplicate = false
  /// nil where nobody asked.
  var held: Held?

  typealias Failure = Records.Failure

  init(place: String, record: Value, failure: Failure?) {
    self.place = place
    self.record = record
    self.failure = failure
  }

  /// What a row that is there would be afterwards, field by field; a field that is left out changes nothing.
  var changes: [Change] {
    guard case .row(let row)? = held, operation == .upsert else { return [] }
    return fields.compactMap { field in
      guard let value = field.value else { return nil }
      let before = row[field.name]
      // A file of CSV holds texts alone.
      let isSame = before.map { $0.means(value) || $0.string == value.json } ?? false
      return isSame ? Change?.none : Change(name: field.name, before: before, after: value)
    }
  }
}

extension Value {
  /// What JSON calls it.
  var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .int: "int"
    case .number: "number"
    case .string: "string"
    case .bytes: "bytes"
    case .array: "list"
    case .object: "object"
    }
  }
}
