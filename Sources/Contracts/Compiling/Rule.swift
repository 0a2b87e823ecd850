import Records

/// One thing that a schema demands, as plain bytes.
struct Rule: BitwiseCopyable, Sendable {
  /// What `a` and `b` mean stands beside each.
  enum Kind: UInt8, BitwiseCopyable, Sendable {
    /// The schema `false`.
    case never
    /// a list of constants.
    case const, `enum`
    /// a number.
    case minimum, maximum, exclusiveMinimum, exclusiveMaximum
    /// a divisor, and the number that it was written as.
    case multipleOf
    /// a count.
    case minLength, maxLength, minItems, maxItems, minProperties, maxProperties
    /// a pattern, a format.
    case pattern, format
    case uniqueItems
    /// a plan.
    case elements, contains, members
    /// a schema.
    case propertyNames
    /// a name and a list of names, or a name and a schema.
    case dependentRequired, dependentSchema
    /// a schema; a dynamic reference.
    case ref, dynamicRef
    /// a list of schemas.
    case allOf, anyOf, oneOf
    /// a schema.
    case not
    /// a list of three schemas, -1 where `then` or `else` is missing.
    case conditional
    /// a schema.
    case unevaluatedItems, unevaluatedProperties

    /// Written out, so that it compares two bytes and calls nothing.
    @inline(__always)
    static func == (a: Kind, b: Kind) -> Bool { a.rawValue == b.rawValue }
  }

  var kind: Kind
  /// The types of values that it looks at.
  var types: TypeSet
  var a: Int32 = 0
  var b: Int32 = 0
}

/// A set of JSON types.
struct TypeSet: BitwiseCopyable, Sendable, Equatable {
  var bits: UInt8
  static let null = TypeSet(bits: 1)
  static let boolean = TypeSet(bits: 2)
  static let number = TypeSet(bits: 4)
  static let string = TypeSet(bits: 8)
  static let array = TypeSet(bits: 16)
  static let object = TypeSet(bits: 32)
  static let all = TypeSet(bits: 63)
  /// Numbers that are whole. A value that is written as an integer is of both types.
  static let integer = TypeSet(bits: 64)
  static let containers = TypeSet(bits: 48)

  @inline(__always)
  func overlaps(_ other: TypeSet) -> Bool { bits & other.bits != 0 }
  mutating func insert(_ other: TypeSet) { bits |= other.bits }

  /// By the name that `type` has for it.
  init?(name: String) {
    guard let named = Self.named.first(where: { $0.name == name }) else { return nil }
    self = named.type
  }

  @inline(__always)
  init(bits: UInt8) { self.bits = bits }

  /// The types of a value, read off a table of bit numbers, four bits a kind.
  @inline(__always)
  init(of kind: Node.Kind) {
    let place = kind.rawValue
    bits = 1 << UInt8(truncatingIfNeeded: (0x05_4322_1100 as UInt64) >> UInt64(place * 4) & 7)
    if case .integer = kind { bits |= 64 }
  }

  static let named: [(name: String, type: TypeSet)] = [
    ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .number), ("string", .string),
    ("array", .array), ("object", .object),
  ]
}

/// A schema: its rules stand one behind the other.
struct Shape: BitwiseCopyable, Sendable {
  var types = TypeSet.all
  /// Whether every value is valid.
  var isTrue = false
  var isFalse = false
  /// Whether it asks which members or elements were evaluated.
  var usesEvaluated = false
  var firstRule: Int32 = 0
  var endRule: Int32 = 0
  var resource: Int32 = 0
}

/// `properties`, `patternProperties`, `additionalProperties` and `required` of one schema.
struct MemberPlan: BitwiseCopyable, Sendable {
  /// Where its slots stand; their number is a power of two, and less than half of them are taken.
  var firstSlot: Int32 = 0
  var slotMask: Int32 = 0
  var requiredCount: Int32 = 0
  /// Its patterns among all patterns of names.
  var firstPattern: Int32 = 0
  var endPattern: Int32 = 0
  /// A schema, or -1.
  var additional: Int32 = -1

  /// What is known of one name.
  struct Slot: BitwiseCopyable, Sendable {
    /// -1: free.
    var name: Int32 = -1
    /// -1 where the name is only required.
    var schema: Int32 = -1
    var isRequired = false
  }

  /// A pattern of names: which pattern, and the schema of the members that have such a name.
  struct NamePattern: BitwiseCopyable, Sendable {
    var pattern: Int32
    var schema: Int32
  }

  /// Where the search for a name begins.
  @inline(__always)
  static func hash(_ name: Int32) -> Int32 { Int32(bitPattern: UInt32(bitPattern: name) &* 0x9e37_79b1) }
}

/// `prefixItems` and `items`.
struct ElementPlan: BitwiseCopyable, Sendable {
  /// Schemas in the lists, one an element.
  var firstPrefix: Int32 = 0
  var prefixCount: Int32 = 0
  /// A schema, or -1.
  var rest: Int32 = -1
}

/// `contains`, `minContains` and `maxContains`.
struct ContainsPlan: BitwiseCopyable, Sendable {
  var schema: Int32
  var minimum: Int32
  var maximum: Int32
}

/// A part of the lists: schemas, constants or names.
struct ListRange: BitwiseCopyable, Sendable {
  var first: Int32
  var count: Int32
}

/// A reference that leads to the outermost schema of a name among those that are being evaluated.
struct DynamicReference: BitwiseCopyable, Sendable {
  var anchor: Int32
  /// Where it leads when no other has the name.
  var schema: Int32
}

/// A schema that has a `$dynamicAnchor`.
struct DynamicAnchor: BitwiseCopyable, Sendable {
  var anchor: Int32
  var resource: Int32
  var schema: Int32
}
