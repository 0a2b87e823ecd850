/// A macro that goes over the elements of a list or the entries of a map.
class LoopCode: Code {
  private final let range: Code
  /// The slots of one variable (element or key) or two (index and element, key and value).
  private final let slots: [Int]
  private final let filter: Code?
  final let body: Code

  init(_ range: Code, slots: [Int], filter: Code?, body: Code, _ offset: Int) {
    self.range = range
    self.slots = slots
    self.filter = filter
    self.body = body
    super.init(offset)
  }

  /// Calls `step` with what the first variable holds for each element that passes the filter, until it returns false.
  final func iterate(
    _ frame: Frame, _ step: (CELValue) throws(EvaluationError) -> Bool
  ) throws(EvaluationError) {
    let range = try self.range.run(frame)
    switch range {
    case .list(let list):
      for (index, item) in list.items.enumerated() {
        guard try visit(frame, .int(Int64(index)), item, isList: true, step) else { return }
      }
    case .map(let map):
      for index in map.keys.indices {
        guard try visit(frame, map.keys[index], map.values[index], isList: false, step) else { return }
      }
    case .array(let node):
      var cursor = node.cursor
      while let item = cursor.next() {
        guard try visit(frame, .int(cursor.count - 1), item, isList: true, step) else { return }
      }
    case .object(let node):
      let map = node.map
      for index in map.keys.indices {
        guard try visit(frame, map.keys[index], map.values[index], isList: false, step) else { return }
      }
    default:
      throw self.range.error(
        .noSuchOverload, "this is \(range.type.simpleWord); only a list or a map has elements to go over")
    }
  }

  private final func visit(
    _ frame: Frame, _ key: CELValue, _ value: CELValue, isList: Bool,
    _ step: (CELValue) throws(EvaluationError) -> Bool
  ) throws(EvaluationError) -> Bool {
    do { try frame.charge(1) } catch { throw error.located(at: offset) }
    let first = slots.count == 2 || !isList ? key : value
    frame[slots[0]] = first
    if slots.count == 2 { frame[slots[1]] = value }
    if let filter, try !Self.truth(filter.run(frame), filter) { return true }
    return try step(first)
  }

  static func truth(_ value: CELValue, _ code: Code) throws(EvaluationError) -> Bool {
    guard case .bool(let flag) = value else {
      throw code.error(.noSuchOverload, "this is \(value.type.simpleWord), and bool is needed here")
    }
    return flag
  }
}

/// `all` and `exists`: an element that decides wins over the errors of others.
final class QuantifierCode: LoopCode {
  private let deciding: Bool

  init(deciding: Bool, _ range: Code, slots: [Int], body: Code, _ offset: Int) {
    self.deciding = deciding
    super.init(range, slots: slots, filter: nil, body: body, offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var failure: EvaluationError?
    var isDecided = false
    try iterate(frame) { _ throws(EvaluationError) in
      do throws(EvaluationError) {
        isDecided = try Self.truth(body.run(frame), body) == deciding
      } catch {
        failure = failure ?? error
      }
      return !isDecided
    }
    if !isDecided, let failure { throw failure }
    return .bool(isDecided == deciding)
  }
}

/// `exists_one`: every element is looked at, and any error is one.
final class ExistsOneCode: LoopCode {
  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var count = 0
    try iterate(frame) { _ throws(EvaluationError) in
      if try Self.truth(body.run(frame), body) { count += 1 }
      return true
    }
    return .bool(count == 1)
  }
}

/// `map`, `filter` and `transformList`.
final class ListLoopCode: LoopCode {
  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var values: [CELValue] = []
    try iterate(frame) { _ throws(EvaluationError) in
      values.append(try body.run(frame))
      return true
    }
    return try frame.made(CELList(values), at: offset)
  }
}

/// `transformMap` keeps the keys; `transformMapEntry` makes new entries of maps.
final class MapLoopCode: LoopCode {
  private let makesEntries: Bool

  init(makesEntries: Bool, _ range: Code, slots: [Int], filter: Code?, body: Code, _ offset: Int) {
    self.makesEntries = makesEntries
    super.init(range, slots: slots, filter: filter, body: body, offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var builder = MapBuilder()
    try iterate(frame) { key throws(EvaluationError) in
      let value = try body.run(frame)
      do throws(EvaluationError) {
        try makesEntries ? addEntries(value, to: &builder) : builder.add(key, value)
      } catch {
        throw error.located(at: body.offset)
      }
      return true
    }
    return try frame.made(builder.map, at: offset)
  }

  private func addEntries(_ value: CELValue, to builder: inout MapBuilder) throws(EvaluationError) {
    let map = try value.map()
    for (key, value) in zip(map.keys, map.values) { try builder.add(key, value) }
  }
}

/// `list.sortBy(x, key)`
final class SortCode: LoopCode {
  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var pairs: [(item: CELValue, key: CELValue)] = []
    try iterate(frame) { item throws(EvaluationError) in
      pairs.append((item, try body.run(frame)))
      return true
    }
    do throws(EvaluationError) {
      return try frame.made(CELList(Sorting.sorted(pairs.map(\.item), by: pairs.map(\.key))), at: offset)
    } catch {
      throw error.located(at: offset)
    }
  }
}

/// `list.groupBy(x, key)`: a map from each key to the elements that have it, both in the order of the list.
final class GroupCode: LoopCode {
  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var places: [MapKey: Int] = [:]
    var keys: [CELValue] = []
    var groups: [[CELValue]] = []
    try iterate(frame) { item throws(EvaluationError) in
      let key = try body.run(frame)
      guard let known = MapKey(ofEntry: key) else {
        throw body.error(.badArgument, "\(key.type.simpleWord) cannot be the key of a map", hint: "write string(…)")
      }
      if let place = places[known] {
        groups[place].append(item)
      } else {
        places[known] = keys.count
        keys.append(key)
        groups.append([item])
      }
      return true
    }
    return try frame.made(CELMap(uniqueKeys: keys, values: groups.map { .list($0) }), at: offset)
  }
}
