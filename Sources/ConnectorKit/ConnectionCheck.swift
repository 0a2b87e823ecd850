import Records

/// A connector that can be compared with the live system before a run (`validate --connect`).
package protocol ConnectionCheck: Connector {
  /// All that would keep a run from working: what cannot be reached, is missing, does not fit or is not allowed. Writes
  /// nothing.
  func check(_ context: Context, columns: Columns) async -> [Problem]
}

extension Problem {
  /// What a connection ran into, as a problem of one of the settings.
  package init(_ setting: String, _ error: ConnectorError) {
    self.init(setting, code: error.code, error.message, hint: error.hint)
  }
}
