import ConnectorKit
import Records

/// A message that somebody sent: a webhook's request, later a broker's message. Its parts stand in the bytes of a batch.
struct Message {
  var payload: Range<Int>
  /// The node of an object with the headers, names in lower case; nil where it has none.
  var headers: Int?
  /// When it came, in milliseconds since 1970.
  var time: Int64
  /// Its place in what it came through, for people and for replays.
  var position: UInt64
  /// Its id where it brings none of its own.
  var fallbackID: String
  /// As ``Event/line``.
  var line: UInt32
}

/// Knows one shape of messages, and makes events of them.
protocol Envelope {
  /// Whether every payload is JSON, so that another one can be refused at the door.
  var isJSON: Bool { get }

  /// Appends the events of a message, none where it tells of nothing. What it appended before a throw is taken back.
  func open(_ message: Message, _ builder: EventBuilder, _ batch: Batch) throws(EnvelopeProblem)
}

extension Envelope {
  var isJSON: Bool { true }
}

/// Why a message cannot be read as its format says.
struct EnvelopeProblem: Error, Equatable {
  var code: String
  var message: String

  init(_ code: String, _ message: String) {
    self.code = code
    self.message = message
  }
}

/// How messages are laid out.
enum MessageFormat: String, SettingChoice {
  /// Any JSON object is a record; of an array, each element.
  case json
  /// Directus Flows and its older webhooks.
  case directus
  /// CloudEvents 1.0: binary, structured and batched. Eventarc sends these.
  case cloudevents
  /// Debezium's change events, with and without their schema.
  case debezium
  /// Amazon SNS over HTTP.
  case sns
  /// Google Pub/Sub push.
  case pubsub
  /// Amazon EventBridge's events.
  case eventbridge

  func makeEnvelope(_ settings: EventPointers) -> any Envelope {
    let pointers = EventPaths(settings)
    return makeEnvelope(pointers)
  }

  private func makeEnvelope(_ pointers: EventPaths) -> any Envelope {
    switch self {
    case .json: JSONEnvelope(pointers)
    case .directus: DirectusEnvelope(pointers)
    case .cloudevents: CloudEventsEnvelope(pointers)
    case .debezium: DebeziumEnvelope(pointers)
    case .sns: SNSEnvelope(pointers)
    case .pubsub: PubSubEnvelope(pointers)
    case .eventbridge: EventBridgeEnvelope(pointers)
    }
  }
}

/// Where in a message its event's parts stand.
struct EventPointers: SettingGroup {
  @Setting(
    "What makes the event the same when it comes again: a JSON pointer, or header:NAME.", example: "/id")
  var id: EventPointer?
  @Setting("The key of the row that changed: a JSON pointer, or header:NAME.", example: "/sku") var key: EventPointer?
  @Setting("What kind of event it is: a JSON pointer, or header:NAME.", example: "/event") var type: EventPointer?
  @Setting("When it happened: a JSON pointer, or header:NAME.", example: "/occurred_at") var time: EventPointer?
  @Setting("The row in the payload, where it is not all of it: a JSON pointer.", example: "/data/product")
  var record: EventPointer?
  @Setting(
    "What a type does to the row: create, update, delete or read; all others update it.",
    example: "{product.deleted: delete}")
  var operations: SettingMap<EventOperation> = SettingMap()

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if !operations.entries.isEmpty, type == nil {
      problems.append(Problem("operations", "need the type", hint: "say where it stands: type: /event"))
    }
    if case .header = record { problems.append(Problem("record", "is a JSON pointer; a header holds no row")) }
    return problems
  }

  /// The headers that are looked at.
  var headers: [String] {
    [id, key, type, time].compactMap { if case .header(let name) = $0 { name } else { nil } }
  }
}

/// ``EventPointers`` as they are read for each event: plain values, since a setting is looked up under a lock.
struct EventPaths: Sendable {
  let id: EventPointer?
  let key: EventPointer?
  let type: EventPointer?
  let time: EventPointer?
  let record: EventPointer?
  let operations: [String: Operation]

  init(_ settings: EventPointers) {
    (id, key, type, time, record) = (settings.id, settings.key, settings.type, settings.time, settings.record)
    operations = Dictionary(settings.operations.entries.map { ($0.name, $0.value.operation) }) { $1 }
  }
}

/// What an event does to a row.
enum EventOperation: String, SettingChoice {
  case create, update, delete, read

  var operation: Operation {
    switch self {
    case .create: .create
    case .update: .update
    case .delete: .delete
    case .read: .read
    }
  }
}
