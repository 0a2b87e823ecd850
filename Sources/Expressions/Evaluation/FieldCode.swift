import Records

/// A name that the expression reads fields by, and its index among all such names.
struct FieldName {
  let text: String
  let index: Int
}

/// `operand.name`
final class MemberCode: Code {
  private let operand: Code
  private let field: FieldName
  /// What to write where the field may be missing.
  private let mend: String
  private var name: String { field.text }

  init(_ operand: Code, _ field: FieldName, _ offset: Int, mend: String) {
    self.operand = operand
    self.field = field
    self.mend = mend
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let holder = try operand.run(frame)
    switch holder {
    case .object(let node):
      if let value = node.member(field.text, key: frame.key(field.index)) { return value }
    case .map(let map):
      if let value = map.value(named: name) { return value }
    case .optional(let optional):
      guard let inner = optional.value else { return .noValue }
      return try Field.find(name, in: inner, self).map { .some($0) } ?? .noValue
    default:
      throw Field.notAHolder(name, holder, self)
    }
    throw Field.missing(name, in: holder, self, mend: mend)
  }
}

/// A path from a variable, `record.a.b`, that a mapping may have found already; what it has not found is looked for.
final class PathCode: Code {
  private let path: Int
  private let members: Code
  /// Whether only the presence is asked for.
  private let isTest: Bool

  init(_ path: Int, _ members: Code, isTest: Bool) {
    self.path = path
    self.members = members
    self.isTest = isTest
    super.init(members.offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    guard let value = frame.value(ofPath: path) else { return try members.run(frame) }
    return isTest ? .bool(true) : value
  }
}

/// `operand.?name` and `has(operand.name)`
final class ProbeCode: Code {
  private let operand: Code
  private let field: FieldName
  /// Whether the answer is a bool rather than an optional.
  private let isTest: Bool

  init(_ operand: Code, _ field: FieldName, isTest: Bool, _ offset: Int) {
    self.operand = operand
    self.field = field
    self.isTest = isTest
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let found = try find(in: operand.run(frame), frame)
    if isTest { return .bool(found != nil) }
    return found.map { .some($0) } ?? .noValue
  }

  private func find(in holder: CELValue, _ frame: Frame) throws(EvaluationError) -> CELValue? {
    switch holder {
    case .object(let node): return node.member(field.text, key: frame.key(field.index))
    case .optional(let optional):
      guard let inner = optional.value else { return nil }
      return try find(in: inner, frame)
    default: return try Field.find(field.text, in: holder, self)
    }
  }
}

/// `operand[index]` and `operand[?index]`
final class IndexCode: Code {
  private let operand: Code
  private let index: Code
  private let optional: Bool
  /// What to write where there may be no such element.
  private let mend: String

  init(_ operand: Code, _ index: Code, optional: Bool, _ offset: Int, mend: String) {
    self.operand = operand
    self.index = index
    self.optional = optional
    self.mend = mend
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let holder = try operand.run(frame)
    let index = try self.index.run(frame)
    if case .optional(let wrapped) = holder {
      guard let inner = wrapped.value else { return .noValue }
      return try Field.find(index, in: inner, self).map { .some($0) } ?? .noValue
    }
    let found = try Field.find(index, in: holder, self)
    if optional { return found.map { .some($0) } ?? .noValue }
    guard let found else { throw missing(index, holder) }
    return found
  }

  private func missing(_ index: CELValue, _ holder: CELValue) -> EvaluationError {
    switch holder {
    case .list(let list): missing(index, of: list.items.count)
    case .array(let node): missing(index, of: node.count)
    default: Field.missing((try? index.string()) ?? index.shown, in: holder, self, mend: mend)
    }
  }

  private func missing(_ index: CELValue, of count: Int) -> EvaluationError {
    error(
      .outOfRange, "there is no element \(index.shown) in a list of \(count)", hint: "\(mend) allows for its absence")
  }
}

/// Looking into values by name and by index.
enum Field {
  /// The value of a field; nil where there is none.
  static func find(_ name: String, in holder: CELValue, _ code: Code) throws(EvaluationError) -> CELValue? {
    switch holder {
    case .object(let node): return node.member(name)
    case .map(let map): return map.value(named: name)
    default: throw notAHolder(name, holder, code)
    }
  }

  /// The element at an index or the value of a key; nil where there is none.
  static func find(_ index: CELValue, in holder: CELValue, _ code: Code) throws(EvaluationError) -> CELValue? {
    switch holder {
    case .list(let list):
      let place = try self.place(index, code)
      return list.items.indices.contains(place) ? list.items[place] : nil
    case .array(let node): return node.element(at: try place(index, code))
    case .map(let map): return map.value(of: index)
    case .object(let node):
      guard let name = try? index.string() else { return nil }
      return node.member(name)
    default: throw code.error(.noSuchOverload, "\(holder.type.simpleWord)[\(index.type.simpleWord)] is not defined")
    }
  }

  private static func place(_ index: CELValue, _ code: Code) throws(EvaluationError) -> Int {
    switch index {
    case .int(let number): return Int(number)
    case .uint(let number): return Int(clamping: number)
    case .double(let number) where number == number.rounded(): return Int(exactly: number) ?? -1
    default: throw code.error(.noSuchOverload, "the index of a list is an int, and this is \(index.type.simpleWord)")
    }
  }

  static func missing(_ name: String, in holder: CELValue, _ code: Code, mend: String) -> EvaluationError {
    let keys = (try? holder.map().keys.compactMap { try? $0.string() }) ?? []
    return code.error(
      .noSuchKey, "there is no field `\(name)`",
      hint: Suggestion.among(keys, for: name) ?? "\(mend) allows for its absence")
  }

  static func notAHolder(_ name: String, _ holder: CELValue, _ code: Code) -> EvaluationError {
    code.error(
      .noSuchField, "\(holder.type.simpleWord) has no fields, so there is no '.\(name)'",
      hint: ForeignFunctions.mend(for: name))
  }
}
