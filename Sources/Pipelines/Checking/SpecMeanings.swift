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

extension [TransformSpec] {
  /// The steps in their order; one without a name is called by its place.
  var steps: [Transform] {
    enumerated().flatMap { index, spec in
      let actions = spec.actions
      return actions.enumerated().map { place, action in
        var step = Transform("", action)
        step.name = spec.name ?? "transforms[\(index)].\(step.kind)"
        if spec.route?.isList == true { step.name += "[\(place)]" }
        return step
      }
    }
  }
}

extension TransformSpec {
  fileprivate var actions: [Transform.Action] {
    guard let route else { return action.map { [$0] } ?? [] }
    return route.ways.map { way in
      .route(way.when.expression, to: way.to == .drop ? .drop : .deadLetter, reason: way.reason)
    }
  }

  private var action: Transform.Action? {
    if let filter { return .filter(filter.expression) }
    if let assert { return .assert(assert.that.expression, message: assert.message) }
    if let sample { return sample.action }
    if let dedupe { return .dedupe(dedupe.meaning) }
    if let set {
      return .set(set.entries.compactMap { entry in path(entry.name).map { .init($0, entry.value.expression) } })
    }
    if let unset { return .unset(unset.map(\.path)) }
    if let rename {
      return .rename(rename.entries.compactMap { entry in path(entry.name).map { .init($0, entry.value) } })
    }
    if let explode { return .explode(explode.path) }
    if let flatten { return .flatten(flatten.field.path, separator: flatten.separator) }
    if let redact { return .redact(redact.fields.map(\.path), with: redact.with) }
    return hash.map { .hash($0.fields.map(\.path), key: $0.key?.reveal()) }
  }

  private func path(_ text: String) -> Path? { (try? EventExpression(text))?.path }
}

extension DedupeSpec {
  fileprivate var meaning: Dedupe {
    Dedupe(
      by: by.parts.map(\.expression), window: window, records: records, time: time?.expression,
      version: version?.expression)
  }
}

extension SampleSpec {
  fileprivate var action: Transform.Action? {
    guard let by = by?.expression ?? (try? EventExpression("meta.event_id")) else { return nil }
    return .sample(share: share.percent / 100, by: by)
  }
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
    policy.parkFor = if case .after(let duration) = parkFor { duration } else { nil }
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
