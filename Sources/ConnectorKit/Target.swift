import Records

/// Where rows go.
///
/// With `lanes: n` the engine makes n targets, each with a lane of its own, and gives the rows of one key always to the
/// same one. All calls come from that lane, one at a time; a call may block its thread.
package protocol Target: Sendable {
  /// Connects and makes ready.
  ///
  /// - Parameter mark: what ``flush()`` returned last before the checkpoint that the run starts from was saved; nil
  ///   without a checkpoint. What was written behind it is given again. A target whose data is its own alone cuts it
  ///   off, as a file that is replaced does; one that others may add to, as a file that is appended to, takes away
  ///   only a torn end and holds the rest once more.
  /// - Returns: the position that the target keeps with the data, if it can: it wins over the checkpoint file's.
  func open(at mark: Value?) async throws(ConnectorError) -> Position?

  /// Makes what turns rows into this target's form; called once for each lane that encodes.
  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder

  /// The same for rows of several streams, whose ``Row/stream`` counts through these. A target that implements it says
  /// so with ``About/takesStreams``.
  func makeEncoder(_ streams: [TargetStream]) throws(ConnectorError) -> any Encoder

  /// Takes the payloads, in order. They are durable when this returns, or when the next ``flush()`` does. Safe to repeat.
  ///
  /// Rows that are refused for good are named in the answer; all the others are stored. A throw means that none of them
  /// can be counted on, and all are given again.
  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written

  /// Returns when all that was written is durable. Called before each checkpoint, and once before the first write of a
  /// pipeline, so that a crash in its first seconds knows what was there before it.
  ///
  /// - Returns: what `open` needs to go on from here, kept in the checkpoint; nil for targets that need nothing.
  func flush() async throws(ConnectorError) -> Value?

  /// The source has ended and everything is flushed: makes the result visible where that is a step of its own. Called
  /// before the last checkpoint, and followed by a ``flush()`` whose answer goes into it; safe to repeat, also by a run
  /// that starts from the checkpoint right before it.
  func finish() async throws(ConnectorError)

  /// Lets go of everything. Called once at the end and after an `open` that failed; what is not open bears it.
  func close() async
}

/// Rows that a target stores under settings of their own: those of one table of the source, or all there are.
package struct TargetStream: Sendable {
  package var columns: Columns
  /// The settings that hold for them; nil: the target's own.
  package var settings: (any TargetConnector)?
  /// Where they come from; nil where the source has no tables.
  package var table: SourceTable?

  package init(_ columns: Columns, settings: (any TargetConnector)? = nil, table: SourceTable? = nil) {
    self.columns = columns
    self.settings = settings
    self.table = table
  }
}

extension Target {
  package func makeEncoder(_ streams: [TargetStream]) throws(ConnectorError) -> any Encoder {
    guard let only = streams.first, streams.count == 1 else {
      throw ConnectorError(
        "target.one_stream", "This target takes the rows of one table; the source reads \(streams.count).",
        remedy: .stop,
        hint: "Write a pipeline for each table.")
    }
    return try makeEncoder(only.columns)
  }
}

/// A target that stores the flow's progress in the data's own transaction, so that a crash repeats nothing: exactly once.
///
/// It does so for a flow with one lane. What it stored wins over the checkpoint file's where it is further on. What the
/// source did in one transaction is seen in the target at once: a write never ends inside of one.
package protocol TransactionalTarget: Target {
  /// Whether it does so as it is set up.
  var storesProgress: Bool { get }

  /// What was stored last, since the checkpoint that `open` got the mark of was begun; nil where nothing was. It is durable
  /// when this returns.
  func storedProgress() async throws(ConnectorError) -> Value?

  /// Like ``Target/write(_:)``, but seen by everybody when it returns, and together with what `progress` gives. It may be
  /// durable only when the next ``Target/flush()`` returns, as always (Invariant 1): a target that crashes before loses rows
  /// and progress together. It then throws an error to `reopen` from the next call, whichever it is.
  ///
  /// - Parameter progress: called once before the commit, with what the write did. After a throw of the write it is
  ///   called again in the next one.
  func write(
    _ payloads: [Payload], progress: @escaping @Sendable (Written) async throws(ConnectorError) -> Value
  ) async throws(ConnectorError) -> Written

  /// Like ``Target/write(_:)``, inside of a transaction that stays open until a write with progress commits it: a part of
  /// a source's transaction that is larger than one write. Nobody sees it before.
  ///
  /// A throw where something is held, of this or of the write that would commit it, lets go of all that is held; the flow
  /// then begins anew from ``storedProgress()``.
  func hold(_ payloads: [Payload]) async throws(ConnectorError) -> Written
}

/// A target that can store some rows of a write while it fails for others, so that a poisonous row holds back its key alone.
package protocol ParkingTarget: Target {
  /// How many rows it stores side by side.
  var rowsAtOnce: Int { get }

  /// Like ``Target/write(_:)``, but without the rows of those keys, and without rows that the other side fails for by
  /// themselves: all of them are named in the answer as parked, with the rows behind them that have their key. The engine
  /// gives parked rows again later. What is neither parked nor refused is durable when this returns.
  ///
  /// - Parameter keys: hashes of keys of which earlier rows are parked.
  func write(_ payloads: [Payload], withholding keys: Set<UInt64>) async throws(ConnectorError) -> Written
}

/// What ``Target/write(_:)`` did.
package struct Written: Sendable, Equatable {
  package var rejections: [Rejection]
  /// How many rows were left alone because the target holds a newer version.
  package var stale: [RowPlace]
  /// Rows that were not stored and are to be given again; only a ``ParkingTarget`` has some.
  package var parked: [Parked]

  package init(rejections: [Rejection] = [], stale: [RowPlace] = [], parked: [Parked] = []) {
    self.rejections = rejections
    self.stale = stale
    self.parked = parked
  }
}

/// A row that a target did not store while it stored others.
package struct Parked: Sendable, Equatable {
  package var place: RowPlace
  /// A hash of its key, the same for all rows of the key.
  package var key: UInt64
  /// Why; nil where it waits behind an earlier row of its key.
  package var error: ConnectorError?

  package init(_ place: RowPlace, key: UInt64, error: ConnectorError? = nil) {
    self.place = place
    self.key = key
    self.error = error
  }
}

/// A row among the payloads of one write.
package struct RowPlace: Sendable, Equatable {
  /// Index among the payloads that were given.
  package var payload: Int
  /// Index among that payload's rows.
  package var row: Int

  package init(payload: Int, row: Int) {
    self.payload = payload
    self.row = row
  }
}

/// A row that the target refuses for good.
package struct Rejection: Sendable, Equatable {
  package var place: RowPlace
  package var code: String
  package var field: String?
  package var message: String

  package init(place: RowPlace, code: String, field: String? = nil, message: String) {
    self.place = place
    self.code = code
    self.field = field
    self.message = message
  }
}
