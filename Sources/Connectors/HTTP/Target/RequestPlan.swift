import ConnectorKit
import Records

/// How rows become requests: the settings, with the mapping's fields found.
struct RequestPlan: Sendable {
  /// What is sent for some kinds of events. A class, because a copy of it for each row would cost more than the rest.
  final class Variant: Sendable {
    let method: String
    let url: CompiledTemplate
    /// Those that differ from row to row.
    let headers: [(name: String, value: CompiledTemplate)]
    /// Those that do not, and the same as lines, each with its CR LF.
    let fixed: [(name: String, value: String)]
    let fixedLines: [UInt8]
    let body: Body
    /// What stands about the rows of one request, where they may be several.
    let around: Around
    let isDelete: Bool

    fileprivate init(
      _ method: HTTPMethod, url: CompiledTemplate, headers: [(name: String, value: CompiledTemplate)],
      fixed: [(name: String, value: String)], _ body: Body, _ around: Around, isDelete: Bool
    ) {
      self.method = method.rawValue
      self.url = url
      self.headers = headers
      self.fixed = fixed
      fixedLines = Array(fixed.map { "\($0.name): \($0.value)\r\n" }.joined().utf8)
      self.body = body
      self.around = around
      self.isDelete = isDelete
    }
  }

  enum Body: Sendable {
    case none, form
    /// One row's JSON.
    case json(BodyPart)
  }

  struct Around: Sendable {
    var before: [UInt8] = []
    var behind: [UInt8] = []
  }

  struct CloudEvent: Sendable {
    var mode: CloudEventsSettings.Mode
    var source, type: CompiledTemplate
    var subject: CompiledTemplate?
  }

  let columns: Columns
  let variants: [Variant]
  let cloudEvent: CloudEvent?
  let ignoresDeletes: Bool
  let rowsPerRequest: Int
  /// What tells this pipeline's rows from those of others that send to the same server.
  let pipeline: String

  init(_ settings: HTTPTargetConnector, _ columns: Columns, pipeline: String) throws(ConnectorError) {
    self.columns = columns
    self.pipeline = pipeline
    ignoresDeletes = settings.onDelete == .ignore
    rowsPerRequest = settings.rowsPerRequest
    let requests = settings.requests
    // In the order of ``variant(of:)``.
    variants = [
      try Self.variant(nil, .update, settings, columns), try Self.variant(requests.create, .create, settings, columns),
      try Self.variant(requests.update, .update, settings, columns),
      try Self.variant(requests.read, .read, settings, columns),
      try Self.variant(requests.delete, .delete, settings, columns),
    ]
    cloudEvent = try settings.cloudevents.map { own throws(ConnectorError) in
      CloudEvent(
        mode: own.mode, source: try Self.template(own.source, columns, "cloudevents.source"),
        type: try Self.template(own.type, columns, "cloudevents.type"),
        subject: try own.subject.map { text throws(ConnectorError) in
          try Self.template(text, columns, "cloudevents.subject")
        })
    }
  }

  /// Which of `variants` a row of that operation takes.
  static func variant(of operation: Operation) -> Int {
    switch operation {
    case .create: 1
    case .update: 2
    case .read: 3
    case .delete: 4
    case .truncate: 0
    }
  }

  private static func template(
    _ text: String, _ columns: Columns, _ setting: String
  ) throws(ConnectorError) -> CompiledTemplate {
    try CompiledTemplate(RowTemplate(text) ?? RowTemplate("")!, columns, in: setting)
  }

  private static func variant(
    _ own: RequestSettings?, _ operation: Operation, _ settings: HTTPTargetConnector, _ columns: Columns
  ) throws(ConnectorError) -> Variant {
    let isDelete = operation == .delete
    let names = Set((own?.headers.entries ?? []).map { $0.name.lowercased() })
    let headers =
      settings.headers.entries.filter { !names.contains($0.name.lowercased()) }
      + (own?.headers.entries ?? [])
    let form =
      own?.body?.form ?? (isDelete && own?.body == nil && settings.rowsPerRequest == 1 ? .none : settings.body.form)
    let (body, around) = try body(form, columns, settings)
    var fixed = usual(body, settings.cloudevents?.mode).filter { usual in
      !headers.contains { $0.name.lowercased() == usual.name.lowercased() }
    }
    var varying: [(name: String, value: CompiledTemplate)] = []
    for header in headers {
      guard let template = RowTemplate(header.value) else { continue }
      if template.hasFields {
        varying.append((header.name, try CompiledTemplate(template, columns, in: "headers")))
      } else {
        fixed.append((header.name, template.literal))
      }
    }
    return Variant(
      own?.method ?? (isDelete ? .delete : settings.method),
      url: try template((own?.url ?? settings.url).reveal(), columns, "url"), headers: varying, fixed: fixed, body,
      around, isDelete: isDelete)
  }

  /// What every request says where the settings do not.
  private static func usual(_ body: Body, _ mode: CloudEventsSettings.Mode?) -> [(name: String, value: String)] {
    let type: String? =
      switch (body, mode) {
      case (.none, _): nil
      case (.form, _): "application/x-www-form-urlencoded"
      case (.json, .structured): "application/cloudevents+json"
      case (.json, .batched): "application/cloudevents-batch+json"
      case (.json, _): "application/json"
      }
    return (type.map { [("Content-Type", $0)] } ?? []) + [("Accept", "application/json")]
  }

  private static func body(
    _ form: RequestBody.Form, _ columns: Columns, _ settings: HTTPTargetConnector
  ) throws(ConnectorError) -> (Body, Around) {
    let isList = settings.rowsPerRequest > 1 || settings.cloudevents?.mode == .batched
    let list = Around(before: Array("[".utf8), behind: Array("]".utf8))
    switch form {
    case .none: return (.none, Around())
    case .form: return (.form, Around())
    case .row: return (.json(.field(.row)), isList ? list : Around())
    case .template(let value):
      let part = try BodyPart(value, columns)
      guard part.holdsRows else { return (.json(part), isList ? list : Around()) }
      guard !part.needsRow else {
        throw ConnectorError(
          "http.rows_and_fields", "The body names `{rows}`, all rows of a request, and fields of one.", remedy: .stop,
          hint: "Leave out the fields, or write `{row}` in place of `{rows}`.")
      }
      let (before, behind) = part.around()
      return (.json(.field(.row)), Around(before: before + list.before, behind: list.behind + behind))
    }
  }
}
