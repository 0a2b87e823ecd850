/// A list that an expression made.
package final class CELList: Sendable {
  package let items: [CELValue]
  /// How many values it holds, counted through to the leaves.
  let weight: Int

  package init(_ items: [CELValue]) {
    self.items = items
    weight = CELValue.weight(of: items)
  }
}

/// A map that an expression made; its entries keep their order, its keys are unique.
package final class CELMap: Sendable {
  package let keys: [CELValue]
  package let values: [CELValue]
  let weight: Int
  /// Places of the keys; nil for few entries, which are looked through.
  private let places: [MapKey: Int]?
  private static let fewEntries = 8

  static let empty = CELMap(uniqueKeys: [], values: [])

  /// - Parameter keys: of allowed types and different from each other.
  init(uniqueKeys keys: [CELValue], values: [CELValue]) {
    self.keys = keys
    self.values = values
    weight = CELValue.weight(of: keys) + CELValue.weight(of: values)
    places = keys.count <= Self.fewEntries ? nil : Self.index(keys)
  }

  private static func index(_ keys: [CELValue]) -> [MapKey: Int] {
    var places: [MapKey: Int] = [:]
    for (place, key) in keys.enumerated() {
      if let key = MapKey(key) { places[key] = place }
    }
    return places
  }

  package var count: Int { keys.count }

  /// The value of a key; numbers are equal across their types.
  package func value(of key: CELValue) -> CELValue? {
    guard let wanted = MapKey(key) else { return nil }
    if let places { return places[wanted].map { values[$0] } }
    return keys.firstIndex { MapKey($0) == wanted }.map { values[$0] }
  }

  package func value(named name: String) -> CELValue? { value(of: .string(name)) }
}

/// Gathers the entries of a map and refuses a key that is there already.
struct MapBuilder {
  private(set) var keys: [CELValue] = []
  private(set) var values: [CELValue] = []
  private var places: [MapKey: Int] = [:]

  mutating func add(_ key: CELValue, _ value: CELValue) throws(EvaluationError) {
    let place = try self.place(of: key)
    guard place == keys.count else {
      throw EvaluationError(.duplicateKey, "the key \(key.shown) is there twice")
    }
    set(key, value, at: place)
  }

  /// Adds an entry or exchanges the value of one that is there.
  mutating func set(_ key: CELValue, _ value: CELValue) throws(EvaluationError) {
    set(key, value, at: try place(of: key))
  }

  private mutating func place(of key: CELValue) throws(EvaluationError) -> Int {
    guard let known = MapKey(ofEntry: key) else {
      throw EvaluationError(
        .badArgument, "\(key.type.simpleWord) cannot be the key of a map", hint: "keys are int, uint, bool or string")
    }
    if let place = places[known] { return place }
    places[known] = keys.count
    return keys.count
  }

  private mutating func set(_ key: CELValue, _ value: CELValue, at place: Int) {
    if place < keys.count {
      values[place] = value
    } else {
      keys.append(key)
      values.append(value)
    }
  }

  var map: CELMap { CELMap(uniqueKeys: keys, values: values) }
}

/// A key for looking up: numbers that are equal are the same key, text is compared by code points.
enum MapKey: Hashable {
  case bool(Bool)
  case int(Int64)
  /// Beyond the range of int.
  case uint(UInt64)
  case text(CodePoints)

  /// The key of an entry that is made; a double is none, though an entry is found by one that is whole.
  init?(ofEntry value: CELValue) {
    if case .double = value { return nil }
    self.init(value)
  }

  init?(_ value: CELValue) {
    switch value {
    case .bool(let flag): self = .bool(flag)
    case .int(let number): self = .int(number)
    case .uint(let number): self = Int64(exactly: number).map { .int($0) } ?? .uint(number)
    case .double(let number):
      if let int = Int64(exactly: number) {
        self = .int(int)
      } else if let uint = UInt64(exactly: number) {
        self = .uint(uint)
      } else {
        return nil
      }
    case .string(let text): self = .text(CodePoints(text))
    case .slice(let text): self = .text(CodePoints(text.string))
    default: return nil
    }
  }
}

extension CELValue {
  /// The sum of the weights, at most a number far beyond the limit.
  static func weight(of items: [CELValue]) -> Int {
    items.reduce(0) { min($0 + $1.weight, Int.max / 4) }
  }

  /// How many values this is, counted through to the leaves; text counts by its length.
  var weight: Int {
    switch self {
    case .list(let list): 1 + list.weight
    case .map(let map): 1 + map.weight
    case .array(let node), .object(let node): node.weight
    case .string(let text): 1 + text.utf8.count >> 6
    case .slice(let text): 1 + text.count >> 6
    case .bytes(let bytes): 1 + bytes.count >> 6
    case .optional(let optional): 1 + (optional.value?.weight ?? 0)
    default: 1
    }
  }
}
