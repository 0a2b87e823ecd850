import ConnectorKit
import Expressions
import Records

// What the parts of a file mean for a run.

extension MappingSpec {
  var mapping: Mapping {
    Mapping(
      fields: fields.map { Mapping.Field($0.name, $0.spec.mapping) }, passesRest: passesRest, dropped: dropped)
  }
}

extension Mapping {
  /// The mapping in which key fields that are passed on with the rest are fields of their own.
  func keyed(by key: [String]) -> Mapping {
    guard passesRest else { return self }
    var keyed = self
    for name in key where !fields.contains(where: { $0.name == name }) && !dropped.contains(name) {
      keyed.fields.append(Field(name, FieldMapping(from: .path(Path(.record, [.member(name)])))))
    }
    return keyed
  }

  /// The columns that the mapping makes, and which of them are the key.
  func columns(key: [String]) -> Columns {
    let names = fields.map(\.name)
    var columns = Columns(
      names: names, key: key.compactMap { names.firstIndex(of: $0) },
      rest: passesRest ? Columns.Rest(excluded: names + dropped) : nil)
    columns.casts = fields.map { $0.mapping.cast?.rawValue }
    return columns
  }
}

extension FieldSpec {
  var mapping: FieldMapping {
    var mapping = FieldMapping(from: from.map { .path($0.path) } ?? .constant(const ?? .null))
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

extension TransformSpec {
  var transform: Transform? { filter.map { .filter($0.filter) } }
}

extension BatchSpec {
  var policy: BatchPolicy {
    var policy = BatchPolicy()
    policy.records = records
    policy.bytes = bytes.bytes
    policy.wait = wait
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
