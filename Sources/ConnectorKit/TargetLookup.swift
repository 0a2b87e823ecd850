import Records

/// A target whose form of rows is known without asking it, so that a dry run tries it offline.
package protocol OfflineTargetConnector: TargetConnector {
  func makeOfflineEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder
}

/// A target that can be asked what it holds, for dry runs: what would change, and what would stay.
package protocol LookupTargetConnector: TargetConnector {
  func makeLookup(_ context: Context) throws(ConnectorError) -> any TargetLookup
}

/// A look at a target that leaves no trace: it creates, locks and changes nothing.
///
/// All calls come from one lane, one at a time; a call may block its thread.
package protocol TargetLookup: Sendable {
  /// Connects, for reading alone, and checks that the columns fit what is there. Throws what a run would.
  ///
  /// - Parameter streams: whose rows are looked at; ``Row/stream`` counts through them. More than one only where
  ///   ``About/takesStreams`` says so.
  func open(_ streams: [TargetStream]) async throws(ConnectorError)

  /// What turns rows of all streams into this target's form, as a run's would; called after `open`.
  func makeEncoder() throws(ConnectorError) -> any Encoder

  /// What the target holds under each key of a stream, in the order of `keys`: an object of its columns, or nil where
  /// there is no such row.
  ///
  /// - Parameter keys: the values of the key's columns, in the order of ``Columns/key``; at most ``lookupKeysMax``.
  func rows(_ keys: [[Value]], of stream: Int) async throws(ConnectorError) -> [Value?]

  /// Lets go of everything; what is not open bears it.
  func close() async
}

extension TargetLookup {
  /// The most keys that are asked for at once, in keys.
  package static var lookupKeysMax: Int { 1_000 }
}
