import ArgumentParser
import ConnectorKit
import Pipelines
import Records

/// Which part of the source's rows is meant, where a backfill loads not all of them.
struct PartOptions: ParsableArguments {
  @Option(help: "Only rows that meet this condition, in the source's own language.")
  var `where`: String?

  @Option(help: "From this key on; a key of several columns is a JSON array.")
  var from: String?

  @Option(help: "Up to this key, which is not loaded.")
  var to: String?

  @Option(help: "One of several parts that together are everything: 2/8 is the second of eight.")
  var shard: String?

  func validate() throws {
    guard let shard, Self.shard(shard) == nil else { return }
    throw ValidationError(
      "`\(shard)` is no part: write --shard 2/8 for the second of eight, of at most \(SourcePart.Shard.countMax).")
  }

  var part: SourcePart {
    var part = SourcePart()
    part.condition = `where`
    part.from = from.map(Self.key)
    part.to = to.map(Self.key)
    part.shard = shard.flatMap(Self.shard)
    return part
  }

  /// `2/8`
  private static func shard(_ text: String) -> SourcePart.Shard? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    return SourcePart.Shard(number, of: count)
  }

  /// A key's texts: of one column as it stands, of several as a JSON array.
  private static func key(_ text: String) -> [String] {
    guard text.hasPrefix("["), let items = (try? Value(json: text))?.array else { return [text] }
    return items.map { $0.string ?? $0.json }
  }
}

/// The pipeline whose checkpoint or dead letters a command is about: its own, or those of a part.
struct StateArgument: ParsableArguments {
  @OptionGroup var pipeline: PipelineArgument
  @OptionGroup(title: "Part of a backfill") var part: PartOptions

  func plan() throws(Failure) -> Plan { try pipeline.plan().loading(part.part) }
}

extension SourcePart {
  /// As a shell takes it, behind a command; empty for everything.
  var arguments: String {
    let key = { (key: [String]) -> String in
      key.count == 1 ? key[0] : Value.array(key.map { .string($0) }).json
    }
    let options: [(String, String?)] = [
      ("where", condition), ("from", from.map(key)), ("to", to.map(key)),
      ("shard", shard.map { "\($0.number)/\($0.count)" }),
    ]
    return options.compactMap { name, value in value.map { " --\(name) \(Self.quoted($0))" } }.joined()
  }

  private static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/-_.:".contains($0)) }
    return isPlain ? text : "'\(text.replacing("'", with: "'\\''"))'"
  }
}
