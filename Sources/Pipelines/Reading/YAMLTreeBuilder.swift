import ConnectorKit

/// Makes a tree of nodes from YAML's events.
struct YAMLTreeBuilder {
  private(set) var diagnostics = Diagnostics()
  private(set) var root: ConfigNode?
  /// Whether a bound was met, after which nothing is read.
  private(set) var isStopped = false

  private let source: SourceText
  private var open: [Frame] = []
  private var anchors: [String: Measured] = [:]
  private var nodes = 0
  private var documents = 0
  /// How many containers of a key that is no scalar are open.
  private var skipped = 0

  init(_ source: SourceText) { self.source = source }

  /// Takes the next event; false where nothing more shall be read.
  mutating func take(_ event: YAMLEvent) -> Bool {
    if skipped > 0 {
      skip(event)
    } else if expectsKey, takeKey(event) {
      return !isStopped
    } else {
      takeNode(event)
    }
    return !isStopped
  }

  private mutating func takeNode(_ event: YAMLEvent) {
    switch event.kind {
    case .documentStart: startDocument(event)
    case .scalar(let text, let style): add(scalar(text, style, event), anchor: event.anchor)
    case .alias(let name): addAlias(name, event)
    case .listStart, .mapStart: push(event)
    case .listEnd, .mapEnd: pop(event)
    case .documentEnd, .streamEnd, .other: break
    }
  }

  private mutating func startDocument(_ event: YAMLEvent) {
    documents += 1
    if documents > 1 {
      stop(
        "yaml.several_documents", event, "a second document begins here; a file holds one pipeline",
        hint: "move it to a file of its own")
    }
  }

  /// - Parameter values: how many values it adds to those that were counted.
  private mutating func add(_ measured: Measured, anchor: String?, values: Int = 1) {
    nodes += values
    guard nodes <= YAMLReader.nodesMax else {
      return stop(
        "yaml.too_many_values", measured.node.place, "more than \(YAMLReader.nodesMax) values, aliases counted",
        hint: "an alias repeats all that it names; aliases of aliases grow fast")
    }
    if let anchor { anchors[anchor] = measured }
    guard let last = open.indices.last else {
      root = root ?? measured.node
      return
    }
    open[last].add(measured)
  }

  private mutating func addAlias(_ name: String, _ event: YAMLEvent) {
    guard let anchored = anchors[name] else {
      let isOpen = open.contains { $0.anchor == name }
      let hint = "for the character itself write \"*\(name)\""
      error(
        isOpen ? "yaml.alias_loop" : "yaml.unknown_alias", event,
        isOpen ? "the alias `*\(name)` stands inside what it names" : "no anchor `&\(name)` stands before this alias",
        hint: isOpen ? nil : hint)
      return add(Measured(reported(.scalar(ConfigScalar("")), event)), anchor: nil)
    }
    guard open.count + anchored.height <= YAMLReader.depthMax else { return tooDeep(event) }
    add(anchored, anchor: nil, values: anchored.size)
  }

  private mutating func push(_ event: YAMLEvent) {
    guard open.count < YAMLReader.depthMax else { return tooDeep(event) }
    var isMap = false
    if case .mapStart = event.kind { isMap = true }
    var frame = Frame(isMap: isMap, place: place(event), path: nextPath, anchor: event.anchor)
    frame.isReported = refuseTag(event)
    open.append(frame)
  }

  private mutating func pop(_ event: YAMLEvent) {
    guard var frame = open.popLast() else { return }
    frame.place.endLine = event.end.line
    frame.place.endColumn = event.end.column
    add(frame.measured, anchor: frame.anchor)
  }

  private mutating func tooDeep(_ event: YAMLEvent) {
    stop(
      "yaml.too_deep", event, "more than \(YAMLReader.depthMax) levels of nesting", hint: "is a bracket left unclosed?")
  }
}

// Keys.
extension YAMLTreeBuilder {
  private var expectsKey: Bool { open.last?.expectsKey ?? false }

  /// Takes an event where a key should stand; false for the end of the mapping.
  private mutating func takeKey(_ event: YAMLEvent) -> Bool {
    let last = open.count - 1
    switch event.kind {
    case .mapEnd: return false
    case .scalar(let text, let style):
      let node = scalar(text, style, event)
      if let anchor = event.anchor { anchors[anchor] = node }
      open[last].key = key(node.node)
    case .listStart, .mapStart:
      keyIsNoText(event)
      skipped = 1
    default: keyIsNoText(event)
    }
    return true
  }

  private mutating func key(_ node: ConfigNode) -> Frame.Key {
    guard let scalar = node.scalar else { return .refused }
    if scalar.style == .plain, scalar.text == "<<" {
      error("yaml.merge_key", node.place, "merge keys (`<<`) are not read", hint: "write the keys out")
      return .refused
    }
    let last = open.count - 1
    if let first = open[last].keys[Frame.KeyIdentity(scalar)] {
      error(
        "yaml.duplicate_key", node.place, "the key `\(scalar.text)` stands here twice; first in line \(first.line)",
        hint: "remove one of them")
      return .refused
    }
    open[last].keys[Frame.KeyIdentity(scalar)] = node.place
    if node.isReported { return .refused }
    return .scalar(scalar, node.place)
  }

  private mutating func keyIsNoText(_ event: YAMLEvent) {
    error(
      "yaml.key_not_scalar", event, "a key must be text",
      hint: "put it in quotes; an expression stands without {{ }}")
    open[open.count - 1].key = .refused
  }

  private mutating func skip(_ event: YAMLEvent) {
    switch event.kind {
    case .listStart, .mapStart:
      skipped += 1
      if open.count + skipped > YAMLReader.depthMax { tooDeep(event) }
    case .listEnd, .mapEnd: skipped -= 1
    default: break
    }
  }

  /// The path of the node that comes next.
  private var nextPath: String {
    guard let frame = open.last else { return "" }
    guard frame.isMap else { return ConfigNode.path(frame.path, frame.items.count) }
    guard case .scalar(let key, _) = frame.key else { return frame.path }
    return ConfigNode.path(frame.path, key.text)
  }
}

// Scalars and messages.
extension YAMLTreeBuilder {
  private mutating func scalar(_ text: String, _ style: YAMLEvent.Style, _ event: YAMLEvent) -> Measured {
    let style: ConfigScalar.Style =
      switch style {
      case .plain: .plain
      case .quoted: .quoted
      case .literal: .literal(indent: source.indent(after: event.start.line))
      case .folded: .folded
      }
    var written = ConfigScalar(text, style: style)
    written.spots = ScalarSpots.find(written, from: event.start, to: event.end, in: source)
    var node = ConfigNode(.scalar(written), place: place(event), path: nextPath)
    node.isReported = refuseTag(event)
    if style == .plain, let eaten = source.eatenComment(after: event.end, text: text) {
      error(
        "yaml.comment_in_value", Place(file: source.file, line: event.end.line, column: eaten),
        "what follows ` #` is a comment to YAML, and the value ends before it",
        hint: "put the whole value in quotes, or a space behind the # of a comment")
      node.isReported = true
    }
    return Measured(node)
  }

  /// Reports a tag; true where there is one.
  private mutating func refuseTag(_ event: YAMLEvent) -> Bool {
    guard let tag = event.tag else { return false }
    error(
      "yaml.tag", event, "a `!` without quotes begins a tag, and tags are not read",
      hint: "put the whole value in quotes: \"\(tag)\(tag.hasPrefix("!") ? "" : " …")\"")
    return true
  }

  private func reported(_ content: ConfigNode.Content, _ event: YAMLEvent) -> ConfigNode {
    var node = ConfigNode(content, place: place(event), path: nextPath)
    node.isReported = true
    return node
  }

  private func place(_ event: YAMLEvent) -> Place {
    Place(
      file: source.file, line: event.start.line, column: event.start.column, endLine: event.end.line,
      endColumn: event.end.column)
  }

  private mutating func error(_ code: String, _ event: YAMLEvent, _ message: String, hint: String?) {
    error(code, place(event), message, hint: hint)
  }

  private mutating func error(_ code: String, _ place: Place, _ message: String, hint: String?) {
    diagnostics.add(Diagnostic(code: code, place: place, path: nextPath, message: message, hint: hint))
    guard diagnostics.items.count >= Diagnostics.perFileMax else { return }
    diagnostics.add(.tooMany(in: source.file))
    isStopped = true
  }

  private mutating func stop(_ code: String, _ event: YAMLEvent, _ message: String, hint: String) {
    stop(code, place(event), message, hint: hint)
  }

  private mutating func stop(_ code: String, _ place: Place, _ message: String, hint: String) {
    diagnostics.add(Diagnostic(code: code, place: place, message: message, hint: hint))
    isStopped = true
  }
}

/// A node with the number of values in it and its levels, aliases written out.
private struct Measured {
  var node: ConfigNode
  var size = 1
  var height = 0

  init(_ node: ConfigNode) { self.node = node }
}

/// A list or a mapping whose end has not come yet.
private struct Frame {
  enum Key {
    case scalar(ConfigScalar, Place)
    /// A key that was reported; its value is read and left out.
    case refused
  }
  /// Keys are the same if they mean the same: `1` and `"1"` do not.
  struct KeyIdentity: Hashable {
    private let bytes: [UInt8]
    private let isText: Bool
    init(_ scalar: ConfigScalar) {
      bytes = Array(scalar.text.utf8)
      isText = CoreScalar(scalar) == .text
    }
  }

  let isMap: Bool
  var place: Place
  let path: String
  let anchor: String?
  var items: [ConfigNode] = []
  private var entries: [ConfigEntry] = []
  var keys: [KeyIdentity: Place] = [:]
  var key: Key?
  var isReported = false
  private var size = 1
  private var height = 1

  init(isMap: Bool, place: Place, path: String, anchor: String?) {
    self.isMap = isMap
    self.place = place
    self.path = path
    self.anchor = anchor
  }

  var expectsKey: Bool { isMap && key == nil }

  mutating func add(_ child: Measured) {
    size += child.size
    height = max(height, child.height + 1)
    guard isMap else { return items.append(child.node) }
    if case .scalar(let name, let place) = key {
      entries.append(ConfigEntry(name, at: place, child.node))
    } else {
      isReported = true
    }
    key = nil
  }

  var measured: Measured {
    var measured = Measured(ConfigNode(isMap ? .map(entries) : .list(items), place: place, path: path))
    measured.node.isReported = isReported
    measured.size = size
    measured.height = height
    return measured
  }
}
