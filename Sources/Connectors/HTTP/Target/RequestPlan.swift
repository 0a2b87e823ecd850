import ConnectorKit
import Records

/// How rows become requests: the settings, with the mapping's fields found.
struct RequestPlan: Sendable {
  /// What is sent for some kinds of events.
  struct Variant: Sendable {
    var method: HTTPMethod
    var url: CompiledTemplate
    /// Those that differ from row to row.
    var headers: [(name: String, value: CompiledTemplate)]
    /// Those that do not, and the same as lines, each with its CR LF.
    var fixed: [(name: String, value: String)]
    var fixedLines: [UInt8] = []
    var body: Body
    var isDelete: Bool
  }

  enum Body: Sendable {
    case none, form
    /// One row's JSON; `around` is what stands about those of one request, where they may be several.
    case json(BodyPart, around: Around?)
  }

  struct Around: Sendable {
    var before: [UInt8]
    var behind: [UInt8]
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
    var variant = Variant(
      method: own?.method ?? (isDelete ? .delete : settings.method),
      url: try template((own?.url ?? settings.url).reveal(), columns, "url"), headers: [], fixed: [],
      body: try body(form, columns, settings), isDelete: isDelete)
    for header in headers {
      guard let template = RowTemplate(header.value) else { continue }
      if template.hasFields {
        variant.headers.append((header.name, try CompiledTemplate(template, columns, in: "headers")))
      } else {
        variant.fixed.append((header.name, template.literal))
      }
    }
    variant.addUsual(settings.cloudevents?.mode)
    variant.fixedLines = Array(variant.fixed.map { "\($0.name): \($0.value)\r\n" }.joined().utf8)
    return variant
  }

  private static func body(
    _ form: RequestBody.Form, _ columns: Columns, _ settings: HTTPTargetConnector
  ) throws(ConnectorError) -> Body {
    let isList = settings.rowsPerRequest > 1 || settings.cloudevents?.mode == .batched
    let list = Around(before: Array("[".utf8), behind: Array("]".utf8))
    switch form {
    case .none: return .none
    case .form: return .form
    case .row: return .json(.field(.row), around: isList ? list : nil)
    case .template(let value):
      let part = try BodyPart(value, columns)
      guard part.holdsRows else { return .json(part, around: isList ? list : nil) }
      guard !part.needsRow else {
        throw ConnectorError(
          "http.rows_and_fields", "The body names `{rows}`, all rows of a request, and fields of one.", remedy: .stop,
          hint: "Leave out the fields, or write `{row}` in place of `{rows}`.")
      }
      let (before, behind) = part.around()
      return .json(
        .field(.row), around: Around(before: before + list.before, behind: list.behind + behind))
    }
  }
}

extension RequestPlan.Variant {
  /// What every request says where the settings do not.
  fileprivate mutating func addUsual(_ mode: CloudEventsSettings.Mode?) {
    let given = Set((fixed.map(\.name) + headers.map(\.name)).map { $0.lowercased() })
    let type: String? =
      switch (body, mode) {
      case (.none, _): nil
      case (.form, _): "application/x-www-form-urlencoded"
      case (.json, .structured): "application/cloudevents+json"
      case (.json, .batched): "application/cloudevents-batch+json"
      case (.json, _): "application/json"
      }
    if let type, !given.contains("content-type") { fixed.append(("Content-Type", type)) }
    if !given.contains("accept") { fixed.append(("Accept", "application/json")) }
  }
}
