import ConnectorKit
import Records

/// How a stream of changes is read.
struct StreamSettings: Sendable {
  var url: Secret
  /// Names and patterns.
  var tables: [String]
  /// Of the tables, before their changes: nil where only changes are wanted.
  var load: SourceSettings?
  var slot: SlotName
  var publication: PublicationName
  var ignoredOrigins: IgnoredOrigins
  /// How long a quiet stream stays where it is before its place is moved along with the server's log.
  var heartbeat: Duration
  var onSchemaChange: SchemaChangePolicy
  var onNewTable: NewTablePolicy
  var timeout: Duration
}

enum SchemaChangePolicy: String, Sendable, SettingChoice { case follow, stop }

/// The slot of a pipeline: as it is given, or made by it and named after it.
struct SlotName: Sendable, Equatable {
  var text: String
  var isGiven: Bool

  init(given: String?, pipeline: String) {
    text = given ?? Self.name(for: pipeline)
    isGiven = given != nil
  }

  /// The longest name that a server takes, in bytes.
  private static let lengthMax = 63

  /// Small letters, digits and underscores. A name that had others carries a hash, so that no two pipelines share one.
  static func name(for pipeline: String) -> String {
    let plain = String(
      pipeline.unicodeScalars.map { scalar -> Character in
        switch scalar {
        case "a"..."z", "0"..."9", "_": Character(scalar)
        case "A"..."Z": Character(Character(scalar).lowercased())
        default: "_"
        }
      })
    let name = "millrace_" + plain
    if plain == pipeline, name.utf8.count <= lengthMax { return name }
    var hash: UInt32 = 0x811c_9dc5
    for byte in pipeline.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    let mark = "_" + String(hash, radix: 16)
    return String(name.prefix(lengthMax - mark.utf8.count)) + mark
  }
}

struct PublicationName: Sendable, Equatable {
  var text: String
  var isGiven: Bool

  init(given: String?, pipeline: String) {
    text = given ?? SlotName.name(for: pipeline)
    isGiven = given != nil
  }
}
