import Records

/// A value of a configuration file, with its place: what reading YAML gives, before anything is known of its meaning.
package struct ConfigNode: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    case scalar(ConfigScalar)
    case list([ConfigNode])
    case map([ConfigEntry])
  }

  package var content: Content
  package var place: Place
  /// From the file's root: `source.csv.delimiter`, `transforms[0]`, `mappings["odd key"]`; empty for the root.
  package var path: String
  /// Whether a part of it was refused and reported already; what follows from that is not reported again.
  package var isReported = false

  package init(_ content: Content, place: Place, path: String = "") {
    self.content = content
    self.place = place
    self.path = path
  }
}

/// A key of a mapping and its value.
package struct ConfigEntry: Sendable, Equatable {
  package var keyScalar: ConfigScalar
  package var keyPlace: Place
  package var value: ConfigNode

  package init(_ key: ConfigScalar, at keyPlace: Place, _ value: ConfigNode) {
    keyScalar = key
    self.keyPlace = keyPlace
    self.value = value
  }

  package init(_ key: String, at keyPlace: Place, _ value: ConfigNode) {
    self.init(ConfigScalar(key, style: .quoted), at: keyPlace, value)
  }

  package var key: String { keyScalar.text }

  /// The key as a node, for what reads keys as values.
  package var keyNode: ConfigNode { ConfigNode(.scalar(keyScalar), place: keyPlace, path: value.path) }
}

/// The text of a scalar, and how it was written.
package struct ConfigScalar: Sendable, Equatable {
  package enum Style: Sendable, Equatable {
    case plain, quoted
    /// A block scalar; `|` keeps its line breaks, `>` folds them. Its lines are indented by so many characters.
    case literal(indent: Int)
    case folded
  }
  package var text: String
  package var style: Style
  /// Where each character of the text stands in the file, where that is not plain from its begin: folded lines, escapes.
  package var spots: [Spot]?

  /// The line and column of a character, both counted from 1.
  package struct Spot: BitwiseCopyable, Sendable, Equatable {
    package var line: Int32
    package var column: Int32
    package init(line: Int, column: Int) {
      self.line = Int32(clamping: line)
      self.column = Int32(clamping: column)
    }
  }

  package init(_ text: String, style: Style = .plain) {
    self.text = text
    self.style = style
  }
}

extension ConfigNode {
  package var scalar: ConfigScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
  package var list: [ConfigNode]? { if case .list(let items) = content { items } else { nil } }
  package var map: [ConfigEntry]? { if case .map(let entries) = content { entries } else { nil } }

  /// What the scalar means by YAML 1.2's core schema; nil for lists and maps.
  package var core: CoreScalar? { scalar.map(CoreScalar.init) }

  package func entry(_ key: String) -> ConfigEntry? {
    map?.first { $0.key.utf8.elementsEqual(key.utf8) }
  }

  package subscript(key: String) -> ConfigNode? { entry(key)?.value }

  /// The path of a member of this node.
  package func path(of key: String) -> String { ConfigNode.path(path, key) }

  package static func path(_ parent: String, _ key: String) -> String {
    let isWord = !key.isEmpty && key.utf8.allSatisfy { isWordByte($0) }
    if isWord { return parent.isEmpty ? key : "\(parent).\(key)" }
    return "\(parent)[\"\(key)\"]"
  }

  package static func path(_ parent: String, _ index: Int) -> String { "\(parent)[\(index)]" }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// The place of a character of the scalar's text, counted from 0; one behind the last for the end of the text.
  package func place(at offset: Int) -> Place {
    guard let scalar else { return place }
    if let spots = scalar.spots, !spots.isEmpty {
      let spot = spots[min(offset, spots.count - 1)]
      return Place(file: place.file, line: Int(spot.line), column: Int(spot.column) + max(0, offset - spots.count + 1))
    }
    switch scalar.style {
    case .literal(let indent):
      let before = scalar.text.unicodeScalars.prefix(offset)
      let line = place.line + 1 + before.count { $0 == "\n" }
      let column = indent + 1 + (before.lastIndex(of: "\n").map { before[$0...].count - 1 } ?? before.count)
      return Place(file: place.file, line: line, column: column)
    case .plain, .quoted:
      let quotes = scalar.style == .quoted ? 1 : 0
      guard isWritten(scalar, quotes) else { return place }
      return Place(file: place.file, line: place.line, column: place.column + quotes + offset)
    case .folded: return place
    }
  }

  /// Whether the text stands in one line of the file just as it is.
  private func isWritten(_ scalar: ConfigScalar, _ quotes: Int) -> Bool {
    place.endLine == place.line && place.endColumn - place.column == scalar.text.unicodeScalars.count + 2 * quotes
  }

  /// The node at a dotted path below this one, or the last one on the way that exists.
  package func nearest(_ dotted: String) -> ConfigNode {
    var node = self
    for name in dotted.split(separator: ".") {
      guard let next = node[String(name)] else { break }
      node = next
    }
    return node
  }

  /// What it is, for messages: `the number 5`, `a list`, `nothing`.
  package var found: String {
    switch content {
    case .list: return "a list"
    case .map: return "a mapping of keys"
    case .scalar(let scalar):
      return switch CoreScalar(scalar) {
      case .null: "nothing"
      case .bool: "`\(scalar.text)`"
      case .int, .number, .notFinite: "the number `\(scalar.text)`"
      case .text: scalar.text.utf8.count <= 40 ? "the text `\(scalar.text)`" : "a text"
      }
    }
  }
}

extension ConfigNode {
  /// A value made by the program, as if a file had said it; strings count as quoted.
  package init(_ value: Value, file: String = "", path: String = "") {
    let content: Content =
      switch value {
      case .null: .scalar(ConfigScalar("null"))
      case .bool(let flag): .scalar(ConfigScalar(flag ? "true" : "false"))
      case .int(let number): .scalar(ConfigScalar(String(number)))
      case .number(let text): .scalar(ConfigScalar(text))
      case .string(let text): .scalar(ConfigScalar(text, style: .quoted))
      case .bytes(let bytes): .list(bytes.map { ConfigNode(.int(Int64($0)), file: file, path: path) })
      case .array(let items):
        .list(items.enumerated().map { ConfigNode($1, file: file, path: Self.path(path, $0)) })
      case .object(let members):
        .map(
          members.map {
            ConfigEntry(
              $0.name, at: Place(file: file), ConfigNode($0.value, file: file, path: Self.path(path, $0.name)))
          })
      }
    self.init(content, place: Place(file: file), path: path)
  }
}
