import Records

/// A name with its id in one table of keys.
struct EventName {
  let text: String
  let id: UInt16
}

/// The names of an event's `meta`.
struct MetaNames {
  let eventID: EventName
  let type: EventName
  let source: EventName
  let table: EventName
  let time: EventName
  let position: EventName
  let ingestedAt: EventName
  let schemaVersion: EventName
  let headers: EventName
  let traceparent: EventName

  init(_ name: (String) -> EventName) {
    (eventID, type, source, table) = (name("event_id"), name("type"), name("source"), name("table"))
    (time, position, ingestedAt) = (name("time"), name("position"), name("ingested_at"))
    (schemaVersion, headers, traceparent) = (name("schema_version"), name("headers"), name("traceparent"))
  }
}

/// Finds values in the nodes of a batch, and puts together the parts of events. Belongs to one decoder.
final class EventBuilder {
  let keys: KeyTable
  let names: MetaNames
  private var reader: JSONReader
  /// The ids of names that are asked for or given.
  private var ids: [String: UInt16] = [:]
  /// Where the text of a time stands in the batch: records of one group came at the same time.
  private var timeText: (time: Int64, offset: UInt32, length: UInt32)?

  init() {
    let keys = KeyTable()
    self.keys = keys
    reader = JSONReader(keys: keys)
    names = MetaNames { EventName(text: $0, id: Self.id($0, in: keys)) }
  }

  /// Forgets what belongs to the batch before.
  func begin() { timeText = nil }

  func read(_ range: Range<Int>, of batch: Batch) throws(JSONProblem) -> Int {
    try reader.read(batch.bytes, range, into: &batch.nodes)
  }

  /// Reads a text that stands nowhere yet.
  func read(text: some Collection<UInt8>, of batch: Batch) throws(JSONProblem) -> Int {
    let start = batch.bytes.count
    batch.bytes.reserve(text.count)
    for byte in text { batch.bytes.append(byte) }
    return try read(start..<batch.bytes.count, of: batch)
  }

  func id(_ name: String) -> UInt16 {
    if let known = ids[name] { return known }
    let id = Self.id(name, in: keys)
    ids[name] = id
    return id
  }

  private static func id(_ name: String, in keys: KeyTable) -> UInt16 {
    var text = name
    return text.withUTF8 { keys.id(of: UnsafeRawBufferPointer($0)) }
  }

  private func named(_ text: String) -> EventName { EventName(text: text, id: id(text)) }

  // MARK: - Finding

  /// The member of that name, the last of several; nil where there is none, or the node is no object.
  func member(_ name: String, of object: Int, _ batch: Batch) -> Int? {
    guard batch.nodes[object].kind == .object else { return nil }
    return member(named(name), of: object, batch)
  }

  func member(_ name: EventName, of object: Int, _ batch: Batch) -> Int? {
    guard batch.nodes[object].kind == .object else { return nil }
    let (id, end) = (name.id, Int(batch.nodes[object].next))
    var found: Int?
    var place = object + 1
    while place < end {
      var keyText: Node?
      if batch.nodes.base[place].kind == .keyText {
        keyText = batch.nodes.base[place]
        place += 1
      }
      if let keyText {
        if id == KeyTable.overflow, batch.text(keyText) == name.text { found = place }
      } else if batch.nodes.base[place].key == id {
        found = place
      }
      place = Int(batch.nodes.base[place].next)
    }
    return found
  }

  /// What a pointer leads to.
  func find(_ pointer: EventPointer?, in root: Int, headers: Int?, _ batch: Batch) -> Int? {
    switch pointer {
    case nil: return nil
    case .header(let name): return headers.flatMap { member(name, of: $0, batch) }
    case .payload(let tokens):
      var place: Int? = root
      for token in tokens { place = place.flatMap { step(token, from: $0, batch) } }
      return place
    }
  }

  private func step(_ token: String, from node: Int, _ batch: Batch) -> Int? {
    guard batch.nodes[node].kind == .array else { return member(token, of: node, batch) }
    guard let index = Int(token), index >= 0, "\(index)" == token else { return nil }
    return elements(of: node, batch).dropFirst(index).first
  }

  func elements(of node: Int, _ batch: Batch) -> [Int] { batch.children(of: node).map(\.node) }

  /// The text of a string or number; nil for anything else.
  func text(_ node: Int?, _ batch: Batch) -> String? {
    guard let node else { return nil }
    switch batch.nodes[node].kind {
    case .string, .integer, .number: return batch.text(batch.nodes[node])
    default: return nil
    }
  }

  func isNull(_ node: Int?, _ batch: Batch) -> Bool { node.map { batch.nodes[$0].kind == .null } ?? true }

  // MARK: - Putting together

  /// Opens an object; ``close(_:_:)`` ends it.
  func open(_ batch: Batch, name: String? = nil) -> Int {
    let place = batch.nodes.count
    batch.nodes.append(Node(.object, flags: .plain, key: name.map(id) ?? 0))
    return place
  }

  func close(_ object: Int, _ batch: Batch) { batch.nodes[object].next = UInt32(batch.nodes.count) }

  /// Appends a value with all that it contains, as the member of that name.
  func add(_ name: String, copyOf node: Int, _ batch: Batch) { add(named(name), copyOf: node, batch) }

  func add(_ name: EventName, copyOf node: Int, _ batch: Batch) {
    let place = beginMember(name, batch)
    copy(node..<Int(batch.nodes[node].next), batch)
    batch.nodes[place].key = name.id
  }

  /// Appends a number or a text as the text that it is.
  func add(_ name: String, textOf node: Int, _ batch: Batch) { add(named(name), textOf: node, batch) }

  func add(_ name: EventName, textOf node: Int, _ batch: Batch) {
    add(name, copyOf: node, batch)
    let place = batch.nodes.count - 1
    switch batch.nodes[place].kind {
    case .integer, .number: batch.nodes[place].kind = .string
    default: break
    }
  }

  func add(_ name: String, text: String, _ batch: Batch) { add(named(name), text: text, batch) }

  func add(_ name: EventName, text: String, _ batch: Batch) {
    let offset = batch.bytes.count
    batch.bytes.append(text)
    add(name, textAt: UInt32(offset), UInt32(batch.bytes.count - offset), batch)
  }

  private func add(_ name: EventName, textAt offset: UInt32, _ length: UInt32, _ batch: Batch) {
    let place = beginMember(name, batch)
    var node = Node(
      .string, flags: .plain, key: name.id, next: UInt32(place + 1), offset: offset, length: length)
    let start = batch.bytes.base + Int(offset)
    for index in 0..<Int(length) where start[index] >= 0x80 {
      node.flags.insert(.wide)
      break
    }
    batch.nodes.append(node)
  }

  func add(_ name: EventName, number: UInt64, _ batch: Batch) {
    var node = Node(integer: Int64(clamping: number))
    let place = beginMember(name, batch)
    node.key = name.id
    node.next = UInt32(place + 1)
    batch.nodes.append(node)
  }

  /// Appends a time in milliseconds since 1970 as RFC 3339.
  func add(_ name: EventName, time: Int64, _ batch: Batch) {
    if timeText?.time != time {
      let offset = batch.bytes.count
      batch.bytes.append(Timestamp(milliseconds: time).description)
      timeText = (time, UInt32(offset), UInt32(batch.bytes.count - offset))
    }
    if let timeText { add(name, textAt: timeText.offset, timeText.length, batch) }
  }

  /// Names that got no id carry their text.
  ///
  /// - Returns: where the value's node comes.
  private func beginMember(_ name: EventName, _ batch: Batch) -> Int {
    if name.id == KeyTable.overflow {
      let offset = batch.bytes.count
      var text = name.text
      text.withUTF8 { JSONText.escape(UnsafeRawBufferPointer($0), into: &batch.bytes) }
      batch.nodes.append(
        Node(
          .keyText, flags: .escaped, next: UInt32(batch.nodes.count + 1), offset: UInt32(offset),
          length: UInt32(batch.bytes.count - offset)))
    }
    return batch.nodes.count
  }

  /// Appends the members of an object, without those that `leaves` names by their node.
  func addMembers(of object: Int, _ batch: Batch, without leaves: (Int) -> Bool = { _ in false }) {
    for child in batch.children(of: object) where !leaves(child.node) {
      copy((child.keyText ?? child.node)..<Int(batch.nodes[child.node].next), batch)
    }
  }

  private func copy(_ range: Range<Int>, _ batch: Batch) {
    batch.nodes.reserve(range.count)
    let shift = UInt32(batch.nodes.count - range.lowerBound)
    for place in range {
      var node = batch.nodes.base[place]
      node.next += shift
      batch.nodes.append(node)
    }
  }
}

extension Timestamp {
  init(milliseconds: Int64) {
    let seconds = milliseconds >= 0 ? milliseconds / 1_000 : (milliseconds - 999) / 1_000
    self.init(seconds: seconds, nanoseconds: Int32(milliseconds - seconds * 1_000) * 1_000_000)
  }
}
