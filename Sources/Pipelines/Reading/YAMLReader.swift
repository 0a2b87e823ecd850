import ConnectorKit

/// Reads the YAML of a configuration file into nodes that know their places.
enum YAMLReader {
  /// The most levels of lists and mappings inside each other.
  static let depthMax = 64
  /// The most values of a file, those that aliases repeat counted each time.
  static let nodesMax = 200_000

  /// The file's one document; nil where it is not YAML, or has none. What is YAML but no configuration (tags, merge
  /// keys, duplicate keys) is reported and left out, so that the rest can be checked.
  static func read(_ source: SourceText, _ diagnostics: inout Diagnostics) -> ConfigNode? {
    var builder = YAMLTreeBuilder(source)
    let syntaxError = readYAMLEvents(source.bytes) { builder.take($0) }
    diagnostics.add(builder.diagnostics)
    if let syntaxError {
      diagnostics.add(syntaxError.diagnostic(in: source))
      return nil
    }
    guard !builder.isStopped else { return nil }
    guard let root = builder.root, root.core != .null else {
      diagnostics.add(
        Diagnostic(
          code: "yaml.empty", place: Place(file: source.file), message: "the file is empty",
          hint: "a pipeline needs name, source, mappings and target"))
      return nil
    }
    return root
  }
}
