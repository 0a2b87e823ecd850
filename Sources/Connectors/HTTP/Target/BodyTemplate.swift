import ConnectorKit
import Records

/// What a request's body is made of.
struct RequestBody: SettingValue, Sendable {
  enum Form: Sendable, Equatable {
    /// The mapped fields, as a JSON object.
    case row
    /// The mapped fields, as an HTML form sends them.
    case form
    case none
    /// JSON in which each text that is `{name}` and nothing else stands for a value.
    case template(Value)
  }

  var form: Form
  init(_ form: Form) { self.form = form }

  private static let noun = "`row`, `form`, `none`, or the body with `{name}` for values"
  static var shape: SettingShape {
    .custom(noun, schema: ["oneOf": [["enum": ["row", "form", "none"]], ["type": "object"], ["type": "array"]]])
  }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> RequestBody? {
    switch node.scalar?.text {
    case "row": return RequestBody(.row)
    case "form": return RequestBody(.form)
    case "none": return RequestBody(.none)
    case nil: return Value.read(node, &loader).map { RequestBody(.template($0)) }
    default: return loader.mismatch(node, expected: noun)
    }
  }

  var written: Value {
    switch form {
    case .row: "row"
    case .form: "form"
    case .none: "none"
    case .template(let value): value
    }
  }
}

/// A body's template whose names are found: what stands around them is JSON already.
indirect enum BodyPart: Sendable {
  case text([UInt8])
  case field(RowField)
  case array([BodyPart])
  /// A member is left out where its field is.
  case object([(name: [UInt8], value: BodyPart)])

  init(_ value: Value, _ columns: Columns) throws(ConnectorError) {
    switch value {
    case .array(let items):
      var parts: [BodyPart] = []
      for item in items { parts.append(try BodyPart(item, columns)) }
      self = .array(parts)
    case .object(let members):
      var parts: [(name: [UInt8], value: BodyPart)] = []
      for member in members {
        parts.append((Array("\(Value.string(member.name).json):".utf8), try BodyPart(member.value, columns)))
      }
      self = .object(parts)
    case .string(let text):
      if let name = Self.name(text) {
        guard let field = RowField(name, columns) else { throw .unknownField(name, columns, in: "body") }
        self = .field(field)
      } else {
        self = .text(Array(Value.string(Self.literal(text)).json.utf8))
      }
    default: self = .text(Array(value.json.utf8))
    }
  }

  /// `{name}` and nothing else; a name has no spaces and no braces.
  static func name(_ text: String) -> String? {
    guard text.hasPrefix("{"), text.hasSuffix("}"), text.utf8.count > 2 else { return nil }
    let name = text.dropFirst().dropLast()
    return name.contains { $0.isWhitespace || $0 == "{" || $0 == "}" || $0 == "\"" } ? nil : String(name)
  }

  /// `{{name}}` is the text `{name}`.
  private static func literal(_ text: String) -> String {
    guard text.hasPrefix("{{"), text.hasSuffix("}}"), text.utf8.count > 4 else { return text }
    return String(text.dropFirst().dropLast())
  }

  /// Whether all rows of a request stand in it together.
  var holdsRows: Bool {
    switch self {
    case .text: false
    case .field(let field): field == .rows
    case .array(let parts): parts.contains { $0.holdsRows }
    case .object(let members): members.contains { $0.value.holdsRows }
    }
  }

  /// Whether it needs one row to be written.
  var needsRow: Bool {
    switch self {
    case .text: false
    case .field(let field): field != .rows
    case .array(let parts): parts.contains { $0.needsRow }
    case .object(let members): members.contains { $0.value.needsRow }
    }
  }

  /// What stands before and behind the rows.
  func around() -> (before: [UInt8], behind: [UInt8]) {
    var (before, behind): ([UInt8], [UInt8]) = ([], [])
    var isBehind = false
    walk { text in
      guard let text else { return isBehind = true }
      if isBehind { behind += text } else { before += text }
    }
    return (before, behind)
  }

  /// - Parameter body: gets the text in order, and nil for the rows.
  private func walk(_ body: ([UInt8]?) -> Void) {
    switch self {
    case .text(let text): body(text)
    case .field: body(nil)
    case .array(let parts):
      body(Array("[".utf8))
      for (index, part) in parts.enumerated() {
        if index > 0 { body(Array(",".utf8)) }
        part.walk(body)
      }
      body(Array("]".utf8))
    case .object(let members):
      body(Array("{".utf8))
      for (index, member) in members.enumerated() {
        if index > 0 { body(Array(",".utf8)) }
        body(member.name)
        member.value.walk(body)
      }
      body(Array("}".utf8))
    }
  }
}
