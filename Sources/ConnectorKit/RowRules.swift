import Records

/// What a target does with rows beside storing them: `millrace test` does the same.
package struct RowRules: Sendable, Equatable {
  package enum Delete: Sendable, Equatable {
    case delete, ignore
    /// The row stays, and gets these values.
    case mark([Value.Member])
  }

  /// The column that tells newer rows from older ones; an older one never takes a newer one's place.
  package var version: String?
  package var onDelete: Delete

  package init(version: String? = nil, onDelete: Delete = .delete) {
    self.version = version
    self.onDelete = onDelete
  }
}
