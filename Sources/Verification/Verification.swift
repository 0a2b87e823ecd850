import ConnectorKit
import Expressions
import Pipelines
import Records

/// A comparison of what the source holds, taken through the pipeline, with what the target holds.
///
/// The first look reads both sides once and adds up digests by buckets of keys; where nothing differs that is all. The
/// rows of buckets that differ are looked at again, first by their digests and then value by value, so many at once that
/// memory stays bounded. Nothing is written.
package struct Verification: Sendable {
  /// The most buckets of all streams together; each takes 24 bytes a side.
  private static let bucketsMax = 1 << 16
  /// The fewest buckets of a stream.
  private static let bucketsMin = 1 << 6
  /// The most rows that are told apart at once, in rows of both sides.
  private static let rowsMax = 20_000

  /// Some buckets of a stream whose rows are not the same.
  private struct Round: Sendable {
    var stream: Int
    var buckets: Set<Int>
  }

  package private(set) var streams: [VerifiedStream]
  /// Events of the source that make no row: filtered, and refused.
  package private(set) var filtered: UInt64 = 0
  package private(set) var refused: UInt64 = 0

  private let source: Look
  private let target: Look
  private let connector: any ReadableTargetConnector
  private let context: Context
  private let settle: (@Sendable () async -> Bool)?
  private var rounds: [Round] = []
  private var sketches: [Sketch] = []

  /// - Parameters:
  ///   - plan: with its secrets.
  ///   - context: for looking at both sides.
  ///   - settle: waits until what was seen can have arrived; false when the wait was ended. nil: nothing is on its way.
  ///   - tick: told of so many rows more that were read.
  package init(
    _ plan: Plan, _ context: Context, settle: (@Sendable () async -> Bool)?, tick: @escaping @Sendable (Int) -> Void
  ) async throws(ConnectorError) {
    guard let connector = plan.target as? any ReadableTargetConnector else {
      throw ConnectorError(
        "verify.not_readable", "A target of type \(plan.targetType) cannot be read back, so nothing can be compared.",
        remedy: .stop, hint: "Verify a pipeline whose target is a file, a database or an API that lists its rows.")
    }
    let routes = try await Self.routes(plan, context)
    let streams = try await Self.streams(plan, routes, connector, context)
    let forms = streams.map(\.form)
    self.streams = streams
    self.connector = connector
    self.context = context
    self.settle = settle
    let source = SourceSide(
      connector: plan.source, context: context, routes: routes.wanted, contract: routes.all.contract?.withoutStops,
      makeMapper: routes.all.mappers(lanes: plan.lanes))
    self.source = Look(side: source, forms: forms, tick: tick)
    let reading = streams.map {
      TargetSide.Stream(target: $0.target, form: $0.form, program: MappingProgram(reading: $0.form.columns))
    }
    target = Look(
      side: TargetSide(connector: connector, context: context, streams: reading, source: source), forms: forms,
      tick: tick)
  }

  // MARK: - The streams

  private static func routes(
    _ plan: Plan, _ context: Context
  ) async throws(ConnectorError) -> (all: [Route], wanted: [Route]) {
    let source = try plan.source.makeSource(context)
    let tables = try await source.tables(at: nil)
    await source.close()
    let routes = try plan.streams.routes(for: tables)
    return (routes, routes.filter { !$0.stream.skips })
  }

  private static func streams(
    _ plan: Plan, _ routes: (all: [Route], wanted: [Route]), _ connector: any ReadableTargetConnector,
    _ context: Context
  ) async throws(ConnectorError) -> [VerifiedStream] {
    var streams: [VerifiedStream] = []
    for (route, target) in zip(routes.wanted, routes.wanted.targetStreams) {
      let reader = try connector.makeReader(context, target)
      let columns = try await reader.tables(at: nil).first?.columns ?? []
      await reader.close()
      let types = Dictionary(columns.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
      let form = RowForm(target.columns, types: types, keepsTypes: connector.keepsTypes)
      streams.append(
        VerifiedStream(
          route, target, form: form, keyPlaces: VerifiedStream.keyPlaces(route, plan),
          isListed: connector.listsRows(target)))
    }
    return streams
  }

  // MARK: - The first look

  /// Compares both sides as wholes. Called once, first.
  package mutating func begin() async throws(ConnectorError) {
    let buckets = max(Self.bucketsMin, Self.bucketsMax >> Self.log2(streams.count))
    let (source, target) = try await both { look throws(ConnectorError) in try await look.sketch(buckets: buckets) }
    (filtered, refused) = (source.filtered, source.refused)
    sketches = source.streams
    for index in streams.indices {
      streams[index].sourceRows = source.streams[index].rows
      streams[index].targetRows = target.streams[index].rows
      rounds += Self.rounds(index, source.streams[index].differing(from: target.streams[index]))
    }
  }

  /// Rounded up.
  private static func log2(_ count: Int) -> Int { Int.bitWidth - max(0, count - 1).leadingZeroBitCount }

  private static func rounds(_ stream: Int, _ differing: [(bucket: Int, rows: Int)]) -> [Round] {
    var rounds: [Round] = []
    var rows = 0
    for (bucket, count) in differing {
      if rounds.isEmpty || rows + count > rowsMax {
        rounds.append(Round(stream: stream, buckets: []))
        rows = 0
      }
      rounds[rounds.count - 1].buckets.insert(bucket)
      rows += count
    }
    return rounds
  }

  // MARK: - Closer looks

  /// The next rows that are not the same; nil where there are no more to look at. May be empty.
  package mutating func next() async throws(ConnectorError) -> (stream: Int, differences: [Difference])? {
    guard !rounds.isEmpty else { return nil }
    let round = rounds.removeFirst()
    let sketch = sketches[round.stream]
    let (source, target) = try await both { look throws(ConnectorError) in
      try await look.rows(of: round.stream, in: round.buckets, like: sketch)
    }
    let found =
      streams[round.stream].form.hasKey
      ? try await differences(round.stream, source, target) : Self.counted(source, target)
    streams[round.stream].count(found)
    return (round.stream, found)
  }

  /// Rows without a key: the same row may be there more than once.
  private static func counted(_ source: [[UInt8]: SeenRow], _ target: [[UInt8]: SeenRow]) -> [Difference] {
    Set(source.keys).union(target.keys).compactMap { key in
      let more = (source[key]?.count ?? 0) - (target[key]?.count ?? 0)
      if more == 0 { return nil }
      return Difference(kind: more > 0 ? .missing : .extra, key: [], count: abs(more))
    }
  }

  private mutating func differences(
    _ stream: Int, _ source: [[UInt8]: SeenRow], _ target: [[UInt8]: SeenRow]
  ) async throws(ConnectorError) -> [Difference] {
    let suspects = Set(source.keys).union(target.keys).filter { source[$0]?.digest != target[$0]?.digest }
    let keys = suspects.compactMap { key in (source[key] ?? target[key]).map { (key, $0.key) } }
    var pairs = try await look(stream, Dictionary(keys, uniquingKeysWith: { first, _ in first }))
    let undecided = streams[stream].undecided
    if let settle, !pairs.isEmpty { pairs = try await self.settle(pairs, stream, settle) }
    streams[stream].settled += UInt64(keys.count - pairs.count) - (streams[stream].undecided - undecided)
    let form = streams[stream].form
    let ordered = pairs.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { $0.value.difference(form) }
    return try await asked(Difference.Kind.allCases.flatMap { kind in ordered.filter { $0.kind == kind } }, stream)
  }

  /// Keeps what is the same in two looks.
  private mutating func settle(
    _ seen: [[UInt8]: HeldPair], _ stream: Int, _ wait: @Sendable () async -> Bool
  ) async throws(ConnectorError) -> [[UInt8]: HeldPair] {
    var settling = Settling(seen)
    while settling.isOpen {
      guard await wait() else { break }
      let keys = settling.open.compactMapValues { ($0.source ?? $0.target)?.key }
      settling.look(try await look(stream, keys))
    }
    streams[stream].undecided += UInt64(settling.open.count)
    return settling.confirmed
  }

  /// Both rows of each key, as they are now; only of those that differ.
  private func look(_ stream: Int, _ keys: [[UInt8]: [Value]]) async throws(ConnectorError) -> [[UInt8]: HeldPair] {
    let (form, places) = (streams[stream].form, streams[stream].keyPlaces)
    let names = form.columns.key.map { form.columns.names[$0] }
    let sourceKeys = places.flatMap { places in
      Self.chunks(keys.values.map { key in places.map { key[$0] } }, streams[stream].route.table?.key ?? [])
    }
    let targetKeys = connector.readsByKey ? Self.chunks(Array(keys.values), names) : nil
    let wanted = Set(keys.keys)
    let (source, target) = (source, target)
    async let left = Result.of { () throws(ConnectorError) in try await source.held(stream, wanted, by: sourceKeys) }
    async let right = Result.of { () throws(ConnectorError) in try await target.held(stream, wanted, by: targetKeys) }
    let (first, second) = (try await left.get(), try await right.get())
    var pairs: [[UInt8]: HeldPair] = [:]
    for key in wanted {
      let pair = HeldPair(source: first[key], target: second[key])
      if pair.difference(form) != nil { pairs[key] = pair }
    }
    return pairs
  }

  /// In so many at once as can be asked for; nil where a key has no text.
  private static func chunks(_ keys: [[Value]], _ columns: [String]) -> [SourcePart.Keys]? {
    if keys.contains(where: { $0.contains(where: \.isNull) }) { return nil }
    return stride(from: 0, to: keys.count, by: SourcePart.Keys.rowsMax).map { start in
      let rows = keys[start..<min(start + SourcePart.Keys.rowsMax, keys.count)]
      return SourcePart.Keys(columns: columns, rows: rows.map { $0.map(\.storedText) })
    }
  }

  /// Without the fields that the target's own type makes equal.
  private func asked(_ found: [Difference], _ stream: Int) async throws(ConnectorError) -> [Difference] {
    guard found.contains(where: { $0.kind == .different }),
      let forms = try connector.makeStoredForms(context, streams[stream].target)
    else { return found }
    do throws(ConnectorError) {
      let left = try await forms.without(found)
      await forms.close()
      return left
    } catch {
      await forms.close()
      throw error
    }
  }

  /// The same look at both sides, side by side.
  private func both<T: Sendable>(
    _ body: @escaping @Sendable (Look) async throws(ConnectorError) -> T
  ) async throws(ConnectorError) -> (source: T, target: T) {
    let (source, target) = (source, target)
    async let left = Result.of { () throws(ConnectorError) in try await body(source) }
    async let right = Result.of { () throws(ConnectorError) in try await body(target) }
    return (try await left.get(), try await right.get())
  }
}

extension Result where Failure == ConnectorError, Success: Sendable {
  /// What a child task came to, with its error's type.
  fileprivate static func of(_ body: () async throws(ConnectorError) -> Success) async -> Self {
    do throws(ConnectorError) { return .success(try await body()) } catch { return .failure(error) }
  }
}

extension StoredForms {
  /// The differences that are left when both sides' texts are written as the target's types write them.
  fileprivate func without(_ found: [Difference]) async throws(ConnectorError) -> [Difference] {
    var texts: [StoredText] = []
    for difference in found {
      for field in difference.fields {
        guard let source = field.source, let target = field.target, !source.isNull, !target.isNull else { continue }
        texts += [source, target].map { StoredText(column: field.name, text: $0.storedText) }
      }
    }
    var forms: [String?] = []
    for start in stride(from: 0, to: texts.count, by: Self.formsMax) {
      forms += try await self.forms(of: Array(texts[start..<min(start + Self.formsMax, texts.count)]))
    }
    var next = forms.makeIterator()
    return found.compactMap { difference in
      guard difference.kind == .different else { return difference }
      var left = difference
      left.fields = difference.fields.filter { field in
        guard let source = field.source, let target = field.target, !source.isNull, !target.isNull else { return true }
        let pair = (next.next() ?? nil, next.next() ?? nil)
        return pair.0 == nil || pair.0 != pair.1
      }
      return left.fields.isEmpty ? nil : left
    }
  }
}
