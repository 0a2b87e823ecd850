import Records

/// A system that Millrace can read from or write to. Its settings, declared once as `@Setting` properties, are its
/// loader, its schema, its documentation and its checks.
package protocol Connector: Sendable {
  static var about: About { get }
  init()
  /// What is wrong with the settings as a whole, beyond what each declares; called after loading, offline.
  func problems() -> [Problem]
}

extension Connector {
  package func problems() -> [Problem] { [] }
}

package protocol SourceConnector: Connector {
  func makeSource(_ context: Context) throws(ConnectorError) -> any Source
  /// A position for people: `data/a.ndjson, line 12`.
  func describe(_ position: Position) -> String
  /// Whether it goes on with what comes later, after all that exists was read.
  var goesOn: Bool { get }
}

extension SourceConnector {
  package func describe(_ position: Position) -> String { position.value.json }
  package var goesOn: Bool { false }
}

package protocol TargetConnector: Connector {
  /// - Parameter lane: 0 ..< the number of lanes of the plan.
  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target
  /// Why single rows cannot be added once a run is over, one sentence; nil where they can.
  var refusesReplay: String? { get }
  /// The setting by which nobody sees what was written before the source has ended; nil where rows are seen as they come.
  var showsAtEnd: String? { get }
  /// What it does with rows beside storing them.
  var rules: RowRules { get }
}

extension TargetConnector {
  package var refusesReplay: String? { nil }
  package var showsAtEnd: String? { nil }
  package var rules: RowRules { RowRules() }
}

/// What a connector is, for people and for the plan.
package struct About: Sendable, Equatable {
  package enum Delivery: String, Sendable {
    case atLeastOnce = "at least once"
    case exactlyOnce = "exactly once"
  }
  package enum Direction: String, Sendable { case source, target }

  /// The word in `type:`.
  package var type: String
  package var direction: Direction
  package var title: String
  /// One sentence.
  package var summary: String
  /// For a target: what a crash can do to it.
  package var delivery: Delivery
  /// For a target: how many lanes it can take; nil for any number.
  package var lanesMax: Int?
  /// For a target: how long a started batch waits for more where the file does not say; larger writes are worth it where
  /// each costs a round trip or a statement.
  package var batchWait: Duration
  /// For a target: the most rows of one write where the file does not say; nil for the usual.
  package var batchRecords: Int?
  /// For a source: whether its events come from tables, which `streams` can tell apart.
  package var hasTables = false
  /// For a source: whether its events can say when they happened or came (`meta.time`, `meta.ingested_at`).
  package var hasTimes = true
  /// For a source: whether a backfill can load a part of its rows (``SourcePart``).
  package var takesParts = false
  /// For a target: the settings that a stream may have for itself; empty where it takes the rows of one stream only.
  package var streamSettings: [String] = []
  /// For a target: whether it can take the rows of several streams.
  package var takesStreams: Bool { !streamSettings.isEmpty }

  package init(
    _ type: String, _ direction: Direction, title: String, summary: String, delivery: Delivery = .atLeastOnce,
    lanesMax: Int? = nil, batchWait: Duration = .milliseconds(200), batchRecords: Int? = nil, hasTables: Bool = false,
    hasTimes: Bool = true, takesParts: Bool = false, streamSettings: [String] = []
  ) {
    self.batchRecords = batchRecords
    self.hasTables = hasTables
    self.hasTimes = hasTimes
    self.takesParts = takesParts
    self.streamSettings = streamSettings
    self.type = type
    self.direction = direction
    self.title = title
    self.summary = summary
    self.delivery = delivery
    self.lanesMax = lanesMax
    self.batchWait = batchWait
  }
}

/// Something wrong with a connector's settings.
package struct Problem: Sendable, Equatable {
  /// The settings' path from the connector's own root, `csv.delimiter`.
  package var setting: String
  package var code: String
  package var message: String
  package var hint: String?
  package var severity: Diagnostic.Severity

  package init(
    _ setting: String, code: String = "config.invalid", _ message: String, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) {
    self.setting = setting
    self.code = code
    self.message = message
    self.hint = hint
    self.severity = severity
  }

  /// A setting that is given, and that nothing reads.
  ///
  /// - Parameters:
  ///   - reason: why, behind "has no effect: ".
  ///   - hint: what to do about it.
  package static func unused(_ setting: String, _ reason: String, hint: String = "remove it") -> Problem {
    Problem(setting, code: "config.unused", "has no effect: \(reason)", hint: hint, severity: .warning)
  }
}

/// What a connector gets from the engine beside its settings.
package struct Context: Sendable {
  /// The pipeline's name.
  package var pipeline: String
  /// The folder that relative paths in the pipeline file start from.
  package var folder: String
  /// How many bytes a batch should hold, about; a source fills no more unless one record is larger.
  package var batchBytes: Int
  /// How many lanes the target has.
  package var lanes = 1
  /// For a source: whether the pipeline wants the events of a table.
  package var wants: @Sendable (SourceTable) -> Bool = { _ in true }
  /// Waits, in the world's time; ends early with false when the task is cancelled.
  package var sleep: @Sendable (Duration) async -> Bool
  /// Whether a source that would wait for more ends where there is nothing more now (`run --once`).
  package var endsOnceRead = false
  /// Whether it ends where it stood when it was opened, however much comes meanwhile (`run --until-current`); implies
  /// ``endsOnceRead``.
  package var endsAtCurrent = false
  /// Which rows are read of those that exist; and whether only such rows are, not what comes later (`backfill`).
  package var part = SourcePart()
  package var isBackfill = false
  /// The pipeline that follows the changes of the rows of which this run loads a part; it stores none meanwhile.
  package var beside: String?
  /// Names a repair of rows that somebody changed in the target: what sent them first must not be taken for it.
  package var repair: String?
  /// Whether nothing runs, and the source is only looked into: it takes nothing from anybody and locks nothing.
  package var onlyLooks = false
  /// Whether the environment names a proxy for HTTP.
  package var namesProxy = false
  /// The world's time, which only goes forward; zero where nothing runs.
  package var now: @Sendable () -> Duration = { .zero }
  /// Milliseconds since 1970, UTC; for what people read and what is kept for a time, never for an order.
  package var wallTime: @Sendable () -> Int64 = { 0 }
  /// Says something to the person who watches (a rotated file, a reconnect). No secrets.
  package var note: @Sendable (String) -> Void
  /// The same, where it keeps the connector from its work.
  package var warn: @Sendable (String) -> Void = { _ in }

  package init(
    pipeline: String, folder: String, batchBytes: Int, sleep: @escaping @Sendable (Duration) async -> Bool,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.pipeline = pipeline
    self.folder = folder
    self.batchBytes = batchBytes
    self.sleep = sleep
    self.note = note
  }
}
