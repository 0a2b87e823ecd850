import ConnectorKit
import Expressions
import Records

// What the steps of a mapping object can never do, as far as it is known what they work on.
extension PlanBuilder {
  /// Checks all mappings of the file by what their expressions give, whatever the record is.
  mutating func checkSteps(_ spec: PipelineSpec) {
    let contracts = [spec.contract] + (spec.streams?.entries.map(\.value.contract) ?? [])
    let versions = contracts.compactMap { $0?.versions?.entries }.flatMap(\.self).compactMap(\.spec.mappings)
    let streams = spec.streams?.entries.compactMap(\.value.mappings) ?? []
    for field in ([spec.mappings].compactMap(\.self) + streams + versions).flatMap(\.fields) {
      guard let from = field.spec.from else { continue }
      checkSteps(field, from.expression.expression.type, nil)
    }
  }

  /// - Parameters:
  ///   - type: of what `from` gives.
  ///   - allowed: the only values that it can be; nil where nothing is known.
  mutating func checkSteps(_ field: MappingSpec.Field, _ type: CELType, _ allowed: [Value]?) {
    let type = type.wrappedValue
    if let pairs = field.spec.values?.pairs, let entries = field.node["values"]?.map, entries.count == pairs.count {
      for (index, entry) in entries.enumerated() { checkValue(index, pairs, entry, type, allowed) }
    } else if let cast = field.spec.as, field.spec.unit == nil, let node = field.node["as"] {
      checkCast(cast, node, type)
    }
  }

  private mutating func checkValue(
    _ index: Int, _ pairs: [FieldMapping.Pair], _ entry: ConfigEntry, _ type: CELType, _ allowed: [Value]?
  ) {
    let value = pairs[index].from
    var reason: (String, String?)?
    if pairs[..<index].contains(where: { $0.from.means(value) }) {
      reason = ("an entry before it is for the same value", "remove one of them")
    } else if let kind = type.valueKind, !value.isNull, kind != value.kind {
      reason = ("the value is \(type.word), and this is \(value.kind.rawValue)", "a value is compared with its kind")
    } else if let allowed, !value.isNull, !allowed.contains(where: { $0.means(value) }) {
      let near = value.string.flatMap { Suggestion.nearest(to: $0, among: allowed.compactMap(\.string)) }
      reason = (
        "the contract allows no such value",
        near.map { "did you mean `\($0)`?" } ?? "it allows \(EventScope.shown(allowed))"
      )
    }
    guard let (message, hint) = reason else { return }
    loader.add(
      .warning, "config.unreachable_value", entry.keyPlace, entry.value.path,
      "`\(entry.key)` is never matched: \(message)", hint)
  }

  private mutating func checkCast(_ cast: CastSpec, _ node: ConfigNode, _ type: CELType) {
    switch cast.fit(type) {
    case .fits: return
    case .never:
      loader.error(
        "config.impossible_cast", node, "the value is \(type.word), and \(type.word) is never \(cast.rawValue)",
        hint: "convert it in the expression, or name another type")
    case .loses(let what, let hint):
      loader.warning("config.lossy_cast", node, "the value is \(type.word): \(what)", hint: hint)
    }
  }
}

private enum CastFit {
  case fits, never
  /// Some values are refused, because they would lose something.
  case loses(String, hint: String)
}

extension CastSpec {
  /// What becomes of values of a type.
  fileprivate func fit(_ type: CELType) -> CastFit {
    switch (self, type) {
    case (_, .dyn), (_, .error), (_, .null), (.json, _): .fits
    case (.string, .list), (.string, .map), (.string, .object): .never
    case (.string, _): .fits
    case (.int, .double), (.int, .decimal):
      .loses("one with a fraction is refused", hint: "say how it is rounded: int(math.round(…)), or as: decimal")
    case (.double, .decimal):
      .loses("one with more digits than a double holds is refused", hint: "as: decimal keeps every digit")
    case (.date, .timestamp): .loses("one with a time of day is refused", hint: "write date(…) in the expression")
    case (.epochSeconds, .timestamp):
      .loses("one with a fraction of a second is refused", hint: "as: epoch_ms, or cut it in the expression")
    case (.int, _), (.double, _), (.decimal, _): type.isNumber || type == .string ? .fits : .never
    case (.bool, _): type.isNumber || type == .string || type == .bool ? .fits : .never
    case (.date, _): type == .string || type == .date ? .fits : .never
    case (.timestamp, _): type == .string || type == .timestamp ? .fits : .never
    case (.epochSeconds, _), (.epochMilliseconds, _):
      type.isNumber || type == .string || type == .timestamp ? .fits : .never
    case (.uuid, _): type == .string ? .fits : .never
    case (.bytes, _): type == .string || type == .bytes ? .fits : .never
    }
  }
}

/// How values are told apart before they are compared.
private enum ValueKind: String { case text, number, boolean = "true or false", other }

extension CELType {
  fileprivate var isNumber: Bool { [.int, .uint, .double, .decimal].contains(self) }

  /// Of a value that is there and not null.
  fileprivate var wrappedValue: CELType {
    if case .opaque("optional_type", let parameters) = self { return parameters.first?.nonNull ?? .dyn }
    return nonNull
  }

  /// nil where it may be any.
  fileprivate var valueKind: ValueKind? {
    switch self {
    case .string, .timestamp, .date, .duration, .bytes: .text
    case .int, .uint, .double, .decimal: .number
    case .bool: .boolean
    default: nil
    }
  }
}

extension Value {
  fileprivate var kind: ValueKind {
    switch self {
    case .string: .text
    case .int, .number: .number
    case .bool: .boolean
    default: .other
    }
  }
}
