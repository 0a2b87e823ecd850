import ConnectorKit
import Records

enum HTTPMethod: String, SettingChoice {
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
  case get = "GET"
}

/// How one kind of event is sent, where it differs from the others.
struct RequestSettings: SettingGroup {
  @Setting("The method.") var method: HTTPMethod?
  @Setting("The address.") var url: Secret?
  @Setting("Headers beside those of the target.") var headers: SettingMap<String> = SettingMap()
  @Setting("What the body is made of.") var body: RequestBody?

  init() {}
}

/// What is sent for events of a kind; without it, what the target says for all.
struct RequestsSettings: SettingGroup {
  @Setting("For rows that were created.") var create: RequestSettings?
  @Setting("For rows that were changed.") var update: RequestSettings?
  @Setting("For rows that were there already, as a snapshot reads them.") var read: RequestSettings?
  @Setting("For rows that were deleted; without it DELETE, and no body.") var delete: RequestSettings?

  init() {}

  var all: [(name: String, operation: Operation, settings: RequestSettings)] {
    [("create", .create, create), ("update", .update, update), ("read", .read, read), ("delete", .delete, delete)]
      .compactMap { name, operation, settings in settings.map { (name, operation, $0) } }
  }
}

/// CloudEvents (1.0) that are made of rows.
struct CloudEventsSettings: SettingGroup {
  enum Mode: String, SettingChoice {
    /// Attributes in headers, the row as the body.
    case binary
    /// One event as the body.
    case structured
    /// An array of events as the body.
    case batched
  }

  @Setting("Where the attributes stand.") var mode: Mode = .binary
  @Setting("The attribute `source`: what the events come from.", example: "/catalogue") var source: String
  @Setting("The attribute `type`; `{op}` and fields may stand in it.", example: "com.example.product.{op}")
  var type: String
  @Setting("The attribute `subject`; fields may stand in it.", example: "{sku}") var subject: String?

  init() {}

  func problems() -> [Problem] {
    [("source", source), ("type", type), ("subject", subject ?? "-")].compactMap { name, text in
      RowTemplate(text) == nil ? Problem(name, "has a brace that stands alone", hint: "write {{ for a brace") : nil
    }
  }
}

extension RequestSettings {
  /// What is wrong with it, under a name that ends in a dot.
  func problems(under name: String) -> [Problem] {
    var problems = RequestCheck.problems(of: headers, under: name)
    if let url { problems += RequestCheck.problems(ofURL: url.reveal(), at: "\(name)url") }
    return problems
  }
}

/// What can be said about requests before the mappings' fields are known.
enum RequestCheck {
  static func problems(ofURL url: String, at setting: String = "url") -> [Problem] {
    guard let template = RowTemplate(url) else {
      return [Problem(setting, "has a brace that stands alone", hint: "write {{ for a brace")]
    }
    let begin = template.parts.first.map { part in if case .text(let text) = part { text } else { "" } } ?? ""
    if begin.hasPrefix("${") { return [] }
    let parts = URLParts(begin)
    if parts == nil {
      return [
        Problem(
          setting, "is no address of HTTP", hint: "write it from its begin: https://shop.example/products/{sku}")
      ]
    }
    if template.parts.count > 1, !begin.dropFirst(8).contains("/") {
      return [Problem(setting, "has a field in its host", hint: "fields may stand in the path and the query")]
    }
    return []
  }

  static func problems(of headers: SettingMap<String>, under name: String = "") -> [Problem] {
    headers.entries.flatMap { header -> [Problem] in
      if header.name.isEmpty || !header.name.utf8.allSatisfy(HTTPToken.isToken) {
        return [Problem("\(name)headers", "`\(header.name)` is no name of a header")]
      }
      if RowTemplate(header.value) == nil {
        return [
          Problem("\(name)headers", "`\(header.name)` has a brace that stands alone", hint: "write {{ for a brace")
        ]
      }
      return []
    }
  }
}
