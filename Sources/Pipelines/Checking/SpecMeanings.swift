import ConnectorKit
import Expressions
import Records

// What the parts of a file mean for a run.

extension MappingSpec {
  /// The mapping for a target with that key: a key field that would be passed on with the rest becomes a field of its
  /// own, and a row without it is refused.
  func mapping(key: [String]) -> Mapping {
    var mapping = Mapping(
      fields: fields.map { Mapping.Field($0.name, $0.spec.mapping) }, passesRest: passesRest, dropped: dropped)
    guard passesRest else { return mapping }
    let known = Set(fields.map(\.name) + dropped)
    mapping.fields += key.filter { !known.contains($0) }.map { name in
      var field = FieldMapping(from: .path(Path(.record, [.member(name)])))
      field.required = true
      return Mapping.Field(name, field)
    }
    return mapping
  }
}

extension Mapping {
  /// The columns that the mapping makes.
  func columns(key: [String]) -> Columns {
    let names = fields.map(\.name)
    let indices = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    var columns = Columns(
      names: names, key: key.compactMap { indices[$0] },
      rest: passesRest ? Columns.Rest(excluded: names + dropped) : nil)
    columns.casts = fields.map { $0.mapping.cast?.rawValue }
    columns.origins = fields.map { $0.mapping.isCopy ? $0.mapping.member : nil }
    return columns
  }
}

extension FieldSpec {
  var mapping: FieldMapping {
    var mapping = FieldMapping(from: from.map { FieldMapping.Origin($0.expression) } ?? .constant(const ?? .null))
    mapping.values = values?.pairs
    mapping.otherwise = otherwise
    mapping.unit = unit?.conversion
    mapping.cast = self.as.flatMap { Cast(rawValue: $0.rawValue) }
    mapping.trim = trim
    mapping.maxLength = maxLength
    mapping.truncate = truncate
    mapping.fallback = self.default
    mapping.required = required
    mapping.onError = FieldMapping.OnError(rawValue: onError.rawValue) ?? .deadLetter
    return mapping
  }
}

extension FieldMapping.Origin {
  fileprivate init(_ expression: EventExpression) {
    self = expression.path.map { .path($0) } ?? .expression(expression)
  }
}

extension TransformSpec {
  var transform: Transform? { filter.map { .filter($0.expression) } }
}

extension BatchSpec {
  /// - Parameters:
  ///   - limits: a default batch is no larger than what may be in flight.
  ///   - about: the target's, which knows whether waiting for more is worth it.
  func policy(_ limits: LimitsSpec, _ about: About) -> BatchPolicy {
    var policy = BatchPolicy()
    policy.records = $records.isGiven ? records : about.batchRecords ?? records
    policy.bytes = $bytes.isGiven ? bytes.bytes : min(bytes.bytes, limits.inFlight.bytes)
    policy.wait = $wait.isGiven ? wait : about.batchWait
    return policy
  }
}

extension RetrySpec {
  var policy: RetryPolicy {
    var policy = RetryPolicy()
    switch delays {
    case .list(let delays): policy.delays = .list(delays)
    case .exponential(let backoff):
      policy.delays = .exponential(
        first: backoff.first, factor: backoff.factor, max: backoff.max, attempts: backoff.attempts)
    }
    policy.breaker.failures = circuitBreaker.failures
    policy.breaker.within = circuitBreaker.within
    policy.breaker.openFor = circuitBreaker.openFor
    if case .after(let duration) = giveUpAfter { policy.giveUpAfter = duration }
    return policy
  }
}

extension LimitsSpec {
  var limits: Limits {
    var limits = Limits()
    limits.inFlightBytes = inFlight.bytes
    limits.rate = rate?.perSecond
    return limits
  }
}
