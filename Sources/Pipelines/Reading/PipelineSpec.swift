import ConnectorKit
import Expressions
import Records

/// A pipeline file, read and checked for itself: what is known without the catalog of connectors.
///
/// The properties are the language: names, defaults, sentences; the JSON Schema is read off them.
package struct PipelineSpec: SettingGroup {
  package init() {}

  @Setting("Version of the pipeline language.", example: "1") package var millrace: LanguageVersion = LanguageVersion()
  @Setting("Names the checkpoint, the dead letters and the metrics.", example: "products-to-shop")
  package var name: PipelineName
  @Setting("What the pipeline is for.", tuning: true) package var description: String?
  @Setting("Where events come from.", example: "{type: file, path: data/products.ndjson}")
  package var source: SourceSpec
  @Setting("What an event must look like.", example: "{schema: schemas/product.schema.json}")
  package var contract: ContractSpec?
  @Setting("Steps over the event before it is mapped, in order.") package var transforms: [TransformSpec] = []
  @Setting("What the target gets: field by field, or `all`.", example: "{id: record.id}")
  package var mappings: MappingSpec?
  @Setting("Where rows go.", example: "{type: file, path: out/products.ndjson}") package var target: TargetSpec
  @Setting(
    "What is different for some of the source's tables, by their names: `shop.products`, `shop.*`, `\"*\"`.",
    example: "{shop.audit: {skip: true}}")
  package var streams: SettingMap<StreamSpec>?
  @Setting("What happens when something fails.", tuning: true) package var retry: RetrySpec = RetrySpec()
  @Setting("Where and how often the position is saved.", tuning: true)
  package var checkpoint: CheckpointSpec = CheckpointSpec()
  @Setting("What the pipeline may use at most.", tuning: true) package var limits: LimitsSpec = LimitsSpec()
  @Setting("Examples that `millrace test` runs.", tuning: true) package var tests: [PipelineTest] = []
}

/// The version of the language that a file is written in; there is one.
package struct LanguageVersion: SettingValue, Equatable {
  static let current: Int64 = 1

  package static var shape: SettingShape {
    .custom("the number \(current)", schema: ["const": .int(current)])
  }
  package var written: Value { .int(Self.current) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> LanguageVersion? {
    guard case .int(let version) = node.core else { return loader.mismatch(node, expected: shape.noun) }
    guard version == current else {
      loader.error(
        "config.language_version", node, "version \(version) of the pipeline language is not known here",
        hint: version > current ? "a newer millrace is needed" : "write millrace: \(current)")
      return nil
    }
    return LanguageVersion()
  }
}

/// A name that files can carry.
package struct PipelineName: SettingValue, Equatable {
  /// In bytes.
  static let lengthMax = 100
  package var text: String

  package static var shape: SettingShape {
    .text("a name of letters, digits, `-`, `_` and `.`", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,\(lengthMax - 1)}$")
  }
  package var written: Value { .string(text) }
  package var isEmptyText: Bool { text.isEmpty }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> PipelineName? {
    guard let scalar = node.scalar, case .text = node.core else {
      let hint = node.scalar.map { "a name that YAML takes for something else needs quotes: \"\($0.text)\"" }
      return loader.mismatch(node, expected: shape.noun, hint: node.core == .null ? nil : hint)
    }
    guard isName(scalar.text) else {
      loader.error(
        "config.bad_name", node, "`\(scalar.text.prefix(lengthMax))` is no name for files and metrics",
        hint: "use at most \(lengthMax) letters, digits, `-`, `_` and `.`, a letter or digit first")
      return nil
    }
    return PipelineName(text: scalar.text)
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, text.utf8.count <= lengthMax else { return false }
    return isWord(first) && text.unicodeScalars.allSatisfy { isWord($0) || $0 == "-" || $0 == "_" || $0 == "." }
  }

  private static func isWord(_ letter: Unicode.Scalar) -> Bool {
    letter.isASCII && (letter.properties.isAlphabetic || letter.properties.numericType != nil)
  }
}
