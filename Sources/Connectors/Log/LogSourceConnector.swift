import ConnectorKit
import Records

/// `source: {type: log}`.
struct LogSourceConnector: SourceConnector {
  static let about = About(
    "log", .source, title: "Event log",
    summary:
      "Reads the log that a webhook source writes, at its own pace and again from any place that is kept; it waits for new "
      + "events unless the run ends once all is read.")

  @Setting("The folder of the log.", example: ".millrace/orders.log") var path: String
  @Setting("Where to begin without a checkpoint: beginning, end, an offset or a time.", example: "2026-11-23T08:00:00Z")
  var from: LogStart = .beginning
  @Setting("How the messages in it are laid out.") var format: MessageFormat = .json
  @Setting("Where in a message its event's parts stand.", example: "{id: /id, key: /sku}") var event: EventPointers =
    EventPointers()

  init() {}

  var goesOn: Bool { true }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    LogSource(
      LogReading(
        path: Files.join(context.folder, path), start: from, format: format, pointers: event,
        ends: context.endsOnceRead),
      context)
  }

  func describe(_ position: Position) -> String { (try? LogPlace(position).text) ?? position.value.json }
}
