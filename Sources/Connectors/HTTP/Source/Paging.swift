import ConnectorKit
import Records

/// How an answer goes on in another: exactly one of these.
struct PagingSettings: SettingOneOf {
  @Setting(
    "How many records are skipped. A record may be missed that moves while pages are read, so take a cursor where there is "
      + "one, or an order that never changes.", example: "{parameter: offset, limit: 100}")
  var offset: OffsetPaging?
  @Setting(
    "Pages have numbers; with the same weakness as offsets.", example: "{parameter: page, size_parameter: per_page}")
  var page: NumberPaging?
  @Setting("An answer holds what the next request must say.", example: "{parameter: cursor, at: /next_cursor}")
  var cursor: CursorPaging?
  @Setting("An answer holds the next address: a JSON pointer to it.", example: "/links/next") var next: String?
  @Setting("The header Link names the next address (RFC 8288).") var link: Bool?

  init() {}
}

struct OffsetPaging: SettingGroup {
  @Setting("The parameter that says how many records are skipped.") var parameter: String = "offset"
  @Setting("The parameter that says how many are wanted.") var limitParameter: String = "limit"
  @Setting("How many records one request asks for.", range: 1...100_000) var limit: Int = 100

  init() {}
}

struct NumberPaging: SettingGroup {
  @Setting("The parameter that holds the page's number.") var parameter: String = "page"
  @Setting("The number of the first page.", range: 0...1) var first: Int = 1
  @Setting("The parameter that says how many records are wanted; without it none is sent.") var sizeParameter: String?
  @Setting("How many records one request asks for.", range: 1...100_000) var size: Int = 100

  init() {}
}

struct CursorPaging: SettingGroup {
  @Setting("The parameter that holds the cursor.", example: "cursor") var parameter: String
  @Setting("Where in an answer the next cursor stands: a JSON pointer.", example: "/next_cursor") var at: String

  init() {}
}

/// Which page is asked for, and which one comes next. A value that sends nothing.
struct Paging: Sendable {
  /// Where a pass is; `first` before its first page. Stands in the checkpoint.
  enum Place: Equatable, Sendable {
    case first
    case number(Int)
    case cursor(String)
    case address(String)
  }

  enum Way: Sendable {
    case single
    case offset(parameter: String, limitParameter: String, limit: Int)
    case page(parameter: String, first: Int, sizeParameter: String?, size: Int)
    case cursor(parameter: String, at: [String])
    case next(at: [String])
    case link
  }

  let way: Way

  /// Whether the server says where the next page is; otherwise pages are asked for until one is empty.
  var isTold: Bool {
    switch way {
    case .offset, .page: false
    case .single, .cursor, .next, .link: true
    }
  }

  init(_ settings: PagingSettings?) {
    if let own = settings?.offset {
      way = .offset(parameter: own.parameter, limitParameter: own.limitParameter, limit: own.limit)
    } else if let own = settings?.page {
      way = .page(parameter: own.parameter, first: own.first, sizeParameter: own.sizeParameter, size: own.size)
    } else if let own = settings?.cursor {
      way = .cursor(parameter: own.parameter, at: AnswerReader.tokens(own.at))
    } else if let own = settings?.next {
      way = .next(at: AnswerReader.tokens(own))
    } else {
      way = settings?.link == true ? .link : .single
    }
  }

  /// The address of a page.
  func address(_ base: String, at place: Place, parameters: [(String, String)]) -> String {
    if case .address(let address) = place { return address }
    var all = parameters
    switch way {
    case .offset(let parameter, let limitParameter, let limit):
      all += [(limitParameter, "\(limit)"), (parameter, "\(number(place) ?? 0)")]
    case .page(let parameter, let first, let sizeParameter, let size):
      all.append((parameter, "\(number(place) ?? first)"))
      if let sizeParameter { all.append((sizeParameter, "\(size)")) }
    case .cursor(let parameter, _): if case .cursor(let text) = place { all.append((parameter, text)) }
    case .single, .next, .link: break
    }
    let query = all.map { "\(PercentCode.encoded($0.0))=\(PercentCode.encoded($0.1))" }.joined(separator: "&")
    return query.isEmpty ? base : base + (base.contains("?") ? "&" : "?") + query
  }

  private func number(_ place: Place) -> Int? { if case .number(let number) = place { number } else { nil } }

  /// What an answer says about the next one.
  struct Answer {
    var records: Int
    /// The text that a JSON pointer leads to; nil for null and what is not there.
    var text: ([String]) -> String?
    var link: String?
  }

  /// The next place; nil where the pass is over. Offsets and pages go on until an answer holds nothing, because servers
  /// may give fewer than they are asked for.
  func next(behind place: Place, _ answer: Answer) -> Place? {
    switch way {
    case .single: return nil
    case .offset: return answer.records == 0 ? nil : .number((number(place) ?? 0) + answer.records)
    case .page(_, let first, _, _): return answer.records == 0 ? nil : .number((number(place) ?? first) + 1)
    case .cursor(_, let at):
      guard let text = answer.text(at), !text.isEmpty else { return nil }
      return .cursor(text)
    case .next(let at):
      guard let text = answer.text(at), !text.isEmpty else { return nil }
      return .address(text)
    case .link: return answer.link.flatMap(Self.next(inLink:)).map { .address($0) }
    }
  }

  /// `<https://api.example/items?page=2>; rel="next", <…>; rel="last"`
  static func next(inLink header: String) -> String? {
    var rest = header[...]
    while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
      let address = String(rest[rest.index(after: start)..<end])
      let behind = rest[rest.index(after: end)...]
      let parameters = behind.prefix { $0 != "<" }
      for parameter in parameters.split(whereSeparator: { $0 == ";" || $0 == "," }) {
        let parts = parameter.split(separator: "=", maxSplits: 1).map { $0.lowercased().filter { $0 != "\"" } }
        guard parts.count == 2, parts[0].filter({ $0 != " " }) == "rel" else { continue }
        // One link may be several things: `rel="next last"`.
        if parts[1].split(separator: " ").contains("next") { return address }
      }
      rest = behind[parameters.endIndex...]
    }
    return nil
  }
}

extension Paging.Place {
  var value: Value {
    switch self {
    case .first: .null
    case .number(let number): .int(Int64(number))
    case .cursor(let text): ["cursor": .string(text)]
    case .address(let text): ["address": .string(text)]
    }
  }

  init?(_ value: Value) {
    if value.isNull {
      self = .first
    } else if let number = value.int {
      self = .number(Int(number))
    } else if let text = value["cursor"]?.string {
      self = .cursor(text)
    } else if let text = value["address"]?.string {
      self = .address(text)
    } else {
      return nil
    }
  }
}
