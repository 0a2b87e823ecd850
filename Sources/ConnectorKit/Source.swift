import Records

/// Where events come from.
///
/// Three kinds share this protocol: a log that can be read again from a position; a queue whose messages are
/// acknowledged one by one and come back otherwise; and a caller who waits for an answer, whose event is durable in a
/// log before it is answered. The engine owns the order write → checkpoint → acknowledge (Invariant 1): a source never
/// acknowledges, checkpoints, retries or sleeps by itself.
///
/// All calls come from the source's own lane, one at a time; a call may block its thread.
package protocol Source: Sendable {
  /// The tables that it reads, as they are now; called before the `open` of each opening of the flow, when nothing else is
  /// open yet. Batches name them in ``Batch/tables``.
  ///
  /// - Parameter position: the checkpoint's; what a target stored with its data may be further on.
  func tables(at position: Position?) async throws(ConnectorError) -> [SourceTable]

  /// Connects and goes to `position`; nil means from the beginning. Called again after a `retry` error, with the
  /// position after the last batch that `next` gave.
  func open(at position: Position?) async throws(ConnectorError)

  /// Fills `batch` with the next records and its `position` and `origin`, and says what it did. Waits where there is
  /// nothing yet, and ends the wait when the surrounding task is cancelled.
  ///
  /// - Parameter batch: empty, from the engine's pool.
  func next(into batch: Batch) async throws(ConnectorError) -> Next

  /// Makes what reads this source's bytes; called once for each lane that decodes, after `open`.
  func makeDecoder() -> any Decoder

  /// Says that everything up to these positions is durable downstream and in the checkpoint: all that became safe since
  /// the last call, in order. A log needs the last one only, a queue each of them. Called after `open` as well, with the
  /// position of the checkpoint, because a crash may have come between the two; what is known already does no harm.
  func acknowledge(_ positions: [Position]) async throws(ConnectorError)

  /// How much there is, for progress and time left; nil where nobody knows.
  func extent() async -> Extent?

  /// How far what was acknowledged is behind what there is; nil for sources that have no log.
  func lag() async throws(ConnectorError) -> Lag?

  /// Whether somebody on the other side waits for a sign of life, also where nothing is read because a target is slow.
  /// Then ``keepAlive()`` is called now and then.
  var wantsKeepAlive: Bool { get }

  func keepAlive() async throws(ConnectorError)

  /// Lets go of everything. Called once at the end, after an `open` that failed, and before each one that follows a
  /// `retry`; what is not open bears it.
  func close() async
}

extension Source {
  /// Without tables all events are of one kind.
  package func tables(at position: Position?) -> [SourceTable] { [] }
  package func lag() -> Lag? { nil }
  package var wantsKeepAlive: Bool { false }
  package func keepAlive() {}
}

/// What ``Source/next(into:)`` did.
package enum Next: Sendable, Equatable {
  /// The batch holds records.
  case batch
  /// Nothing came within the source's own wait; the batch is untouched.
  case idle
  /// There will never be another.
  case end
  /// The tables are no longer those that it named. What was read is stored, and everything opened anew from there; never
  /// said inside of a transaction.
  case reopen
}

/// How much a source holds.
package struct Extent: Sendable, Equatable {
  package enum Unit: String, Sendable { case bytes, rows }
  package var unit: Unit
  package var total: UInt64
  /// How much of it lies before the position that was opened.
  package var done: UInt64

  package init(unit: Unit, total: UInt64, done: UInt64) {
    self.unit = unit
    self.total = total
    self.done = done
  }
}
