import ConnectorKit
import Expressions
import Records

extension PlanBuilder {
  /// The streams of the file; one for everything where it names none.
  mutating func streams(
    _ spec: PipelineSpec, source: (any Connector.Type)?, _ target: (any TargetConnector.Type)?
  ) -> [StreamPlan] {
    if root.map != nil, root["streams"] == nil, root["mappings"] == nil, !isMisspelt("mappings") {
      missingMappings(in: root, path: "mappings")
    }
    guard let node = root["target"] else { return [] }
    guard root["streams"] != nil else { return only(spec, target, node).map { [$0] } ?? [] }
    guard let named = spec.streams, let place = root["streams"], let target, spec.$target.isGiven else { return [] }
    checkStreams(named, place, source, target)
    return named.entries.compactMap { stream($0, spec, target, node) }
  }

  private mutating func only(
    _ spec: PipelineSpec, _ target: (any TargetConnector.Type)?, _ node: ConfigNode
  ) -> StreamPlan? {
    let connector = target.flatMap { loader.load($0, from: node, others: TargetSpec.own) as? any TargetConnector }
    guard spec.$target.isGiven, let mappings = spec.mappings else { return nil }
    let key = spec.target.common.key ?? []
    let mapping = mappings.mapping(key: key)
    checkKey(key, at: node["key"], mapping)
    guard let connector else { return nil }
    return StreamPlan(
      transforms: spec.transforms.steps, mapping: mapping, columns: mapping.columns(key: key),
      target: connector)
  }

  private mutating func stream(
    _ entry: SettingMap<StreamSpec>.Entry, _ spec: PipelineSpec, _ target: any TargetConnector.Type, _ node: ConfigNode
  ) -> StreamPlan? {
    guard let pattern = TablePattern(entry.name), let place = root["streams"]?.entry(entry.name) else { return nil }
    let stream = entry.value
    if stream.skip {
      var skipped = StreamPlan(
        pattern, mapping: Mapping(fields: []), columns: Columns(names: []), target: target.init())
      skipped.skips = true
      return skipped
    }
    let own = stream.target.map { settings($0.node, target) }
    let merged = own.map { node.overlaid(with: $0) } ?? node
    let connector = loader.load(target, from: merged, others: TargetSpec.own) as? any TargetConnector
    guard let mappings = stream.mappings ?? spec.mappings else {
      if root["mappings"] == nil { missingMappings(in: place.value, path: place.value.path(of: "mappings")) }
      return nil
    }
    let key = own?["key"].flatMap { [String].read($0, &loader) } ?? spec.target.common.key ?? []
    let mapping = mappings.mapping(key: key)
    checkKey(key, at: merged["key"], mapping)
    guard let connector else { return nil }
    return StreamPlan(
      pattern, transforms: (spec.transforms + stream.transforms).steps, mapping: mapping,
      columns: mapping.columns(key: key), target: connector)
  }

  // MARK: - Checking

  private mutating func checkStreams(
    _ streams: SettingMap<StreamSpec>, _ node: ConfigNode, _ source: (any Connector.Type)?,
    _ target: any TargetConnector.Type
  ) {
    if let source, !source.about.hasTables {
      loader.error(
        "config.no_tables", node, "the source `\(source.about.type)` has no tables to tell apart",
        hint: "remove `streams`, and write `mappings` and `target` for all events")
    }
    let wanted = streams.entries.filter { !$0.value.skip }
    if wanted.isEmpty {
      loader.error("config.empty", node, "no stream is left that is not skipped", hint: "name one without skip: true")
    } else if wanted.count > 1, !target.about.takesStreams {
      loader.error(
        "config.one_stream", node, "the target `\(target.about.type)` takes the rows of one stream",
        hint: "skip the others, or write a pipeline for each")
    }
    checkUnused(streams, wanted, node)
    for entry in node.map ?? [] where TablePattern(entry.key) == nil {
      loader.add(
        .error, "config.bad_table", entry.keyPlace, entry.value.path, "`\(entry.key)` names no table",
        #"write table, schema.table, schema.*, "*", or "odd.name"."table""#)
    }
  }

  /// What no event of the file can come to.
  private mutating func checkUnused(
    _ streams: SettingMap<StreamSpec>, _ wanted: [SettingMap<StreamSpec>.Entry], _ node: ConfigNode
  ) {
    if let shared = root["mappings"], !wanted.isEmpty, wanted.allSatisfy({ $0.value.mappings != nil }) {
      loader.add(
        .warning, "config.unused", shared.place, "mappings", "has no effect: every stream has its own",
        "remove it, or the mappings of the streams that share it")
    }
    let tables = (root["source"]?["tables"]?.list ?? []).compactMap { $0.scalar.flatMap { TablePattern($0.text) } }
    guard !tables.isEmpty else { return }
    for entry in node.map ?? [] {
      guard let pattern = TablePattern(entry.key), !tables.contains(where: { pattern.mayMatch($0) }) else { continue }
      loader.add(
        .warning, "config.unused", entry.keyPlace, entry.value.path,
        "has no effect: the source reads no such table",
        Suggestion.hint(for: entry.key, among: tables.map(\.text), noun: "it reads"))
    }
  }

  /// Those of a stream's target settings that it may have: it cannot have another server, only another place in it.
  private mutating func settings(_ node: ConfigNode, _ target: any TargetConnector.Type) -> ConfigNode {
    let own = ["key"] + target.about.streamSettings
    let known = SettingList(of: target.init()).names + TargetSpec.own
    let entries = node.map ?? []
    for entry in entries where !own.contains(entry.key) {
      if known.contains(entry.key) {
        loader.add(
          .error, "config.not_per_stream", entry.keyPlace, entry.value.path,
          "`\(entry.key)` is the same for all streams",
          "write it under `target`; a stream may have its own \(own.map { "`\($0)`" }.joined(separator: ", "))")
      } else {
        loader.add(
          .error, "config.unknown_key", entry.keyPlace, entry.value.path, "unknown key `\(entry.key)`",
          Suggestion.hint(for: entry.key, among: own, noun: "a stream may have its own"))
      }
    }
    var kept = node
    kept.content = .map(entries.filter { own.contains($0.key) })
    return kept
  }

  private mutating func missingMappings(in node: ConfigNode, path: String) {
    let declaration = SettingList(of: PipelineSpec())["mappings"]?.declaration(name: "mappings")
    let example = declaration?.example.map { " For example: mappings: \($0)" } ?? ""
    loader.add(
      .error, "config.missing_key", node.place, path, "required key `mappings` is missing",
      (declaration?.sentence ?? "") + example)
  }

  /// Whether a key that is not known was probably meant to be this one; it is reported as that.
  private func isMisspelt(_ name: String) -> Bool {
    let names = SettingList(of: PipelineSpec()).names
    let unknown = root.map?.filter { !names.contains($0.key) } ?? []
    return root.isReported || unknown.contains { Suggestion.nearest(to: $0.key, among: [name]) != nil }
  }
}
