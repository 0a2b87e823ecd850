import ConnectorKit

extension Plan {
  /// The warning that holds only for runs that go on for as long as their source does.
  package static let neverShownCode = "config.never_shown"

  /// Where a problem that a live system showed stands in the file.
  package enum Section: Sendable {
    case source
    /// The target of a stream, by its index among ``Plan/streams``.
    case target(stream: Int)
  }

  /// The problems at the places of the settings that they name.
  package func diagnostics(_ problems: [Problem], in section: Section) -> [Diagnostic] {
    problems.map { problem in
      let node = node(of: section, problem.setting)
      return Diagnostic(
        problem.severity, code: problem.code, place: node?.place ?? Place(file: file), path: node?.path ?? "",
        message: problem.message, hint: problem.hint)
    }
  }

  private func node(of section: Section, _ setting: String) -> ConfigNode? {
    guard let root = origin?.root else { return nil }
    switch section {
    case .source: return root["source"]?.nearest(setting)
    case .target(let stream):
      let own = streams[stream].pattern.flatMap { root["streams"]?.entry($0.text)?.value["target"] }
      if let own, own[setting] != nil { return own.nearest(setting) }
      return root["target"]?.nearest(setting)
    }
  }
}
