import CYAML

/// What libyaml says about a text, piece by piece.
struct YAMLEvent {
  enum Kind {
    case scalar(text: String, style: Style)
    case alias(String)
    case listStart, listEnd, mapStart, mapEnd
    case documentStart, documentEnd, streamEnd
    /// What carries no news.
    case other
  }
  enum Style { case plain, quoted, literal, folded }

  var kind: Kind
  var anchor: String?
  var tag: String?
  var start: YAMLMark
  var end: YAMLMark
}

/// A place in the text; line and column are counted from 1, in characters.
struct YAMLMark {
  var line: Int
  var column: Int
}

/// Why libyaml could not go on, in its own words.
struct YAMLSyntaxError {
  var problem: String
  var place: YAMLMark
  /// The byte that cannot be part of a text, where that is the problem; there is no other place then.
  var byte: Int?
  /// What it was reading, and where that began.
  var context: String?
  var contextPlace: YAMLMark?
}

/// Runs libyaml over a text in UTF-8 and hands on each event until the text ends, `handle` gives false or the text is
/// no YAML.
///
/// All that is unsafe about YAML is in this file: libyaml's structures live only inside this call, every event is
/// copied into Swift values and released before the next one is asked for, and the text outlives the parser.
func readYAMLEvents(_ text: [UInt8], _ handle: (YAMLEvent) -> Bool) -> YAMLSyntaxError? {
  // libyaml asserts that there is a text.
  guard !text.isEmpty else { return nil }
  let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  defer { parser.deallocate() }
  guard yaml_parser_initialize(parser) == 1 else { return outOfMemory }
  defer { yaml_parser_delete(parser) }
  return text.withUnsafeBufferPointer { bytes in
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    return drain(parser, handle)
  }
}

private let outOfMemory = YAMLSyntaxError(problem: "out of memory", place: YAMLMark(line: 1, column: 1))

private func drain(_ parser: UnsafeMutablePointer<yaml_parser_t>, _ handle: (YAMLEvent) -> Bool) -> YAMLSyntaxError? {
  while true {
    var raw = yaml_event_t()
    guard yaml_parser_parse(parser, &raw) == 1 else { return YAMLSyntaxError(parser.pointee) }
    let event = YAMLEvent(raw)
    yaml_event_delete(&raw)
    guard handle(event) else { return nil }
    if case .streamEnd = event.kind { return nil }
  }
}

extension YAMLSyntaxError {
  fileprivate init(_ parser: yaml_parser_t) {
    problem = parser.problem.map { String(cString: $0) } ?? "unreadable"
    place = YAMLMark(parser.problem_mark)
    byte = parser.error == YAML_READER_ERROR ? Int(clamping: parser.problem_offset) : nil
    context = parser.context.map { String(cString: $0) }
    contextPlace = parser.context == nil ? nil : YAMLMark(parser.context_mark)
  }
}

extension YAMLMark {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
  }
}

extension YAMLEvent {
  fileprivate init(_ raw: yaml_event_t) {
    self.init(kind: .other, start: YAMLMark(raw.start_mark), end: YAMLMark(raw.end_mark))
    switch raw.type {
    case YAML_SCALAR_EVENT: takeScalar(raw)
    case YAML_ALIAS_EVENT: kind = .alias(text(raw.data.alias.anchor) ?? "")
    case YAML_SEQUENCE_START_EVENT:
      kind = .listStart
      (anchor, tag) = (text(raw.data.sequence_start.anchor), text(raw.data.sequence_start.tag))
    case YAML_MAPPING_START_EVENT:
      kind = .mapStart
      (anchor, tag) = (text(raw.data.mapping_start.anchor), text(raw.data.mapping_start.tag))
    case YAML_SEQUENCE_END_EVENT: kind = .listEnd
    case YAML_MAPPING_END_EVENT: kind = .mapEnd
    case YAML_DOCUMENT_START_EVENT: kind = .documentStart
    case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
    case YAML_STREAM_END_EVENT: kind = .streamEnd
    default: break
    }
  }

  private mutating func takeScalar(_ raw: yaml_event_t) {
    let scalar = raw.data.scalar
    let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    let style: Style =
      switch scalar.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE: .quoted
      case YAML_LITERAL_SCALAR_STYLE: .literal
      case YAML_FOLDED_SCALAR_STYLE: .folded
      default: .plain
      }
    kind = .scalar(text: String(decoding: bytes, as: UTF8.self), style: style)
    (anchor, tag) = (text(scalar.anchor), text(scalar.tag))
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(decodingCString: $0, as: UTF8.self) }
  }
}
