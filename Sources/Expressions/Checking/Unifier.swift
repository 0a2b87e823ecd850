/// Decides whether one type may stand where another is wanted, and what the unknown types then are.
///
/// The rules are those of the standard's type checker: `dyn` agrees with everything, an unknown type becomes what it is
/// compared with, and becomes more general when it meets `dyn`. `null` agrees with types that are known by name, with
/// timestamps and durations.
struct Unifier {
  /// What each unknown type is; its number is its index.
  private var found: [CELType?] = []
  /// What was overwritten since the last agreement began, to take back what did not lead to one.
  private var journal: [(id: Int, was: CELType?)] = []

  mutating func fresh() -> CELType {
    found.append(nil)
    return .variable(found.count - 1)
  }

  /// Whether `a` may stand where `b` is wanted; what was found out stays only if so.
  mutating func assign(_ a: CELType, to b: CELType) -> Bool {
    assign([a], to: [b])
  }

  /// ``assign(_:to:)`` for each pair at once.
  mutating func assign(_ a: [CELType], to b: [CELType]) -> Bool {
    journal.removeAll(keepingCapacity: true)
    if agrees(a, b) { return true }
    for change in journal.reversed() { found[change.id] = change.was }
    return false
  }

  private mutating func set(_ id: Int, _ type: CELType) {
    journal.append((id, found[id]))
    found[id] = type
  }

  /// The type of a list or map that holds both.
  mutating func join(_ a: CELType?, _ b: CELType) -> CELType {
    guard let a else { return b }
    return assign(a, to: b) ? Self.moreGeneral(a, b) : .dyn
  }

  /// A type with all that is known put in; what stays unknown is `dyn` if `isFinal`.
  func resolve(_ type: CELType, isFinal: Bool = false) -> CELType {
    if case .variable(let id) = type {
      if let known = found[id] { return resolve(known, isFinal: isFinal) }
      return isFinal ? .dyn : type
    }
    let parameters = type.parameters
    return parameters.isEmpty ? type : type.with(parameters.map { resolve($0, isFinal: isFinal) })
  }

  /// The types of a declaration with unknown types in place of its parameters, the same for the same name.
  mutating func instantiate(_ types: [CELType]) -> [CELType] {
    var made: [String: CELType] = [:]
    return types.map { instantiate($0, &made) }
  }

  private mutating func instantiate(_ type: CELType, _ made: inout [String: CELType]) -> CELType {
    if case .parameter(let name) = type {
      let variable = made[name] ?? fresh()
      made[name] = variable
      return variable
    }
    var parameters = type.parameters
    if parameters.isEmpty { return type }
    for index in parameters.indices { parameters[index] = instantiate(parameters[index], &made) }
    return type.with(parameters)
  }

  // MARK: Agreement

  private mutating func agrees(_ a: [CELType], _ b: [CELType]) -> Bool {
    guard a.count == b.count else { return false }
    for (a, b) in zip(a, b) where !agrees(a, b) { return false }
    return true
  }

  private mutating func agrees(_ a: CELType, _ b: CELType) -> Bool {
    if case .variable(let id) = b {
      let wasKnown = found[id] != nil
      if substitute(a, for: id) { return true }
      if wasKnown { return false }
    }
    if case .variable(let id) = a { return substitute(b, for: id) }
    switch (a, b) {
    case (.dyn, _), (_, .dyn), (.error, _), (_, .error): return true
    case (.null, let other), (let other, .null): return other.isNullable
    case (.type, .type): return true
    case (.list, .list), (.map, .map): return agrees(a.parameters, b.parameters)
    case (.opaque(let x, _), .opaque(let y, _)): return x == y && agrees(a.parameters, b.parameters)
    case (.opaque("wrapper", let inner), _): return agrees(inner, [b])
    case (_, .opaque("wrapper", let inner)): return agrees([a], inner)
    case (.object, .map(let key, let value)): return agrees(.string, key) && agrees(.dyn, value)
    default: return a == b
    }
  }

  /// Whether the unknown type `id` can be `type`; a type that is known becomes the more general of the two.
  private mutating func substitute(_ type: CELType, for id: Int) -> Bool {
    if type == .variable(id) { return true }
    guard let known = found[id] else {
      guard !occurs(id, in: type) else { return false }
      set(id, type)
      return true
    }
    if known == type { return true }
    guard agrees(type, known) else { return false }
    let general = Self.moreGeneral(type, known)
    if !occurs(id, in: general) { set(id, general) }
    return true
  }

  private func occurs(_ id: Int, in type: CELType) -> Bool {
    if case .variable(let other) = type {
      if id == other { return true }
      return found[other].map { occurs(id, in: $0) } ?? false
    }
    return type.parameters.contains { occurs(id, in: $0) }
  }

  /// Of two types that agree the one that admits more.
  static func moreGeneral(_ a: CELType, _ b: CELType) -> CELType { isAtLeastAsGeneral(a, b) ? a : b }

  private static func isAtLeastAsGeneral(_ a: CELType, _ b: CELType) -> Bool {
    switch (a, b) {
    case (.dyn, _), (.error, _), (.variable, _): return true
    case (_, .dyn), (_, .error), (_, .variable): return false
    case (.null, _): return b == .null
    case (_, .null): return true
    case (.type, .type), (.opaque("wrapper", _), _): return true
    case (_, .opaque("wrapper", _)): return false
    default:
      let (p, q) = (a.parameters, b.parameters)
      guard a.name == b.name, p.count == q.count else { return false }
      return p.isEmpty ? a == b : zip(p, q).allSatisfy { isAtLeastAsGeneral($0, $1) }
    }
  }
}

extension CELType {
  /// Whether the checker lets null stand for it.
  fileprivate var isNullable: Bool {
    switch self {
    case .null, .dyn, .error, .opaque, .object, .timestamp, .duration, .decimal, .date: true
    default: false
    }
  }
}
