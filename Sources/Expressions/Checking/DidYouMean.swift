import Records

extension Suggestion {
  /// A sentence that names the nearest of `names`; nil where none is near.
  static func among(_ names: [String], for name: String) -> String? {
    nearest(to: name, among: names).map { "did you mean `\($0)`?" }
  }
}
