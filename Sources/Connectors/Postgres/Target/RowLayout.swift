import Records
import Synchronization

/// How rows stand in COPY's text, agreed upon by the encoders of a target and the target itself.
final class RowLayout: Sendable {
  struct Field: Sendable, Equatable {
    var name: String
    var kind: ColumnKind
    /// nil where the server reads its text.
    var binary: BinaryForm?
    /// Whether a row can be inserted without it.
    var mayBeLeftOut: Bool
    /// The type that a key's text must be cast to; nil where it is one.
    var keyType: String?
  }

  /// What stands in the line of a row; ``Payload/Entry/tag`` holds its raw form.
  enum Shape: Equatable {
    /// Every field.
    case full
    /// Every field, in COPY's binary form.
    case binary
    /// The key's fields, the version where there is one, and `d`.
    case delete
    case binaryDelete
    case truncate
    /// The fields that are in the set of that number.
    case partial(Int)
    case binaryPartial(Int)

    init(tag: UInt16) {
      self =
        switch tag {
        case 0: .full
        case 1: .delete
        case 2: .truncate
        case 3: .binary
        case 4: .binaryDelete
        default: tag % 2 == 1 ? .partial(Int(tag - 5) / 2) : .binaryPartial(Int(tag - 6) / 2)
        }
    }

    var tag: UInt16 {
      switch self {
      case .full: 0
      case .delete: 1
      case .truncate: 2
      case .binary: 3
      case .binaryDelete: 4
      case .partial(let set): UInt16(set) * 2 + 5
      case .binaryPartial(let set): UInt16(set) * 2 + 6
      }
    }

    var isBinary: Bool {
      switch self {
      case .binary, .binaryDelete, .binaryPartial: true
      case .full, .delete, .truncate, .partial: false
      }
    }

    var isDelete: Bool { self == .delete || self == .binaryDelete }
  }

  /// The mapping's columns in its order, then the table's others where the mapping passes all on.
  let fields: [Field]
  /// How many of them the mapping names.
  let named: Int
  /// Members of the record that are not passed on.
  let excluded: [String]
  let passesRest: Bool
  /// Indices into `fields`.
  let key: [Int]
  let version: Int?
  let onDelete: DeletePolicy
  let lanes: Int
  /// The binary forms of the key's columns, where keys are equal if and only if these are equal byte for byte; nil where
  /// only the server can tell, as for numbers with any number of zeros behind the point.
  let keyForms: [BinaryForm]?
  /// Which fields partial rows have, by the number in their shape.
  private let sets = Mutex<[[Bool]]>([])

  init(
    fields: [Field], columns: Columns, key: [Int], version: Int?, onDelete: DeletePolicy, lanes: Int,
    keyForms: [BinaryForm]? = nil
  ) {
    self.fields = fields
    named = columns.names.count
    excluded = columns.rest?.excluded ?? []
    passesRest = columns.rest != nil
    self.key = key
    self.version = version
    self.onDelete = onDelete
    self.lanes = lanes
    self.keyForms = keyForms
  }

  /// The most sets of fields that rows of one run may have.
  static let setsMax = 1_024

  /// The number of a set of fields; nil when there are too many different ones.
  ///
  /// - Parameter changesOnly: whether such rows change rows that are there, and make no new ones.
  func number(of set: [Bool], changesOnly: Bool = false) -> Int? {
    let set = set + [changesOnly]
    return sets.withLock { sets in
      if let known = sets.firstIndex(of: set) { return known }
      guard sets.count < Self.setsMax else { return nil }
      sets.append(set)
      return sets.count - 1
    }
  }

  /// Whether rows of that shape make no new rows in the table.
  func changesOnly(_ shape: Shape) -> Bool {
    guard let number = shape.set else { return false }
    return sets.withLock { $0[number].last ?? false }
  }

  /// Which fields rows of that number have, and behind them whether they make no new rows.
  func set(_ number: Int) -> [Bool] { sets.withLock { $0[number] } }

  /// Indices into `fields` of what stands in a line of that shape.
  func fields(of shape: Shape) -> [Int] {
    switch shape {
    case .full, .binary: return Array(fields.indices)
    case .delete, .binaryDelete: return key + (version.map { key.contains($0) ? [] : [$0] } ?? [])
    case .truncate: return []
    case .partial(let number), .binaryPartial(let number):
      let set = sets.withLock { $0[number] }
      return fields.indices.filter { set[$0] }
    }
  }
}

extension RowLayout.Shape {
  /// The number of the fields of a partial row.
  var set: Int? {
    switch self {
    case .partial(let number), .binaryPartial(let number): number
    default: nil
    }
  }
}

/// What becomes of a row whose event is a delete.
enum DeletePolicy: Sendable, Equatable {
  case delete, ignore
  /// Sets columns instead.
  case mark([Mark])

  struct Mark: Sendable, Equatable {
    var column: String
    var value: Value
  }
}
