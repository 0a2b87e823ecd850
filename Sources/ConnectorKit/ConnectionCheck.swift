import Records

/// A source that can be compared with the live system before a run (`validate --connect`).
package protocol SourceConnectionCheck: SourceConnector {
  /// What it would read, and all that would keep a run from working: what cannot be reached, is missing or is not
  /// allowed. Changes nothing.
  func check(_ context: Context) async -> SourceCheck
}

package struct SourceCheck: Sendable, Equatable {
  package var tables: [SourceTable]
  package var problems: [Problem]

  package init(tables: [SourceTable] = [], problems: [Problem] = []) {
    self.tables = tables
    self.problems = problems
  }
}

/// A target that can be compared with the live system before a run (`validate --connect`).
package protocol TargetConnectionCheck: TargetConnector {
  /// For each stream, all that would keep its rows from being stored: what is missing, does not fit or is not allowed.
  /// Changes nothing.
  func check(_ context: Context, _ streams: [TargetStream]) async -> [[Problem]]
}

extension Problem {
  /// What a connection ran into, as a problem of one of the settings.
  package init(_ setting: String, _ error: ConnectorError) {
    self.init(setting, code: error.code, error.message, hint: error.hint)
  }
}
