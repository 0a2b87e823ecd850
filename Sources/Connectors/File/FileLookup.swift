import ConnectorKit
import Records
import Synchronization

extension FileTargetConnector: LookupTargetConnector, OfflineTargetConnector {
  func makeOfflineEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    let writing = try writing()
    return try writing.format.makeEncoder(columns, writing.dialect)
  }

  func makeLookup(_ context: Context) throws(ConnectorError) -> any TargetLookup {
    FileLookup(try reading(), self, context)
  }

  /// What reads the file that is written.
  private func reading() throws(ConnectorError) -> FileSourceConnector {
    let writing = try writing()
    let own = NamedSetting.written(of: self).filter { ["path", "compression", "csv"].contains($0.name) }
    let format = Value.Member("format", .string(writing.format.rawValue))
    do throws(Diagnostics) {
      return try FileSourceConnector.make(.object(own + [format]))
    } catch {
      throw ConnectorError(
        "file.format_unknown",
        "\(path) cannot be read back: \(error.items.first?.message ?? "its settings do not fit").",
        remedy: .stop)
    }
  }
}

extension FileTargetConnector: ReadableTargetConnector {
  /// CSV knows texts alone.
  var keepsTypes: Bool { (format ?? Format(name: path)) != .csv }

  func makeReader(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> any Source {
    var context = context
    context.endsOnceRead = true
    return try reading().makeSource(context)
  }
}

/// Finds rows in the file that a target would replace or add to: reads it through, and keeps what has one of the keys.
final class FileLookup: TargetLookup {
  private let source: FileSourceConnector
  private let target: FileTargetConnector
  private let context: Context
  private let columns = Mutex<Columns?>(nil)

  init(_ source: FileSourceConnector, _ target: FileTargetConnector, _ context: Context) {
    self.source = source
    self.target = target
    var context = context
    context.endsOnceRead = true
    self.context = context
  }

  func open(_ streams: [TargetStream]) async throws(ConnectorError) {
    columns.withLock { $0 = streams.first?.columns }
  }

  func makeEncoder() throws(ConnectorError) -> any Encoder {
    try target.makeOfflineEncoder(columns.withLock { $0 } ?? Columns(names: []))
  }

  func rows(_ keys: [[Value]], of stream: Int) async throws(ConnectorError) -> [Value?] {
    var found = [Value?](repeating: .none, count: keys.count)
    guard let columns = columns.withLock({ $0 }), try exists() else { return found }
    let names = columns.key.map { columns.names[$0] }
    let file = try source.makeSource(context)
    do throws(ConnectorError) {
      try await file.open(at: nil)
      let decoder = file.makeDecoder()
      let batch = Batch()
      while true {
        batch.reset()
        let next = try await file.next(into: batch)
        if next == .end { break }
        if next == .idle { continue }
        decoder.decode(batch)
        Self.match(batch, names, keys, &found)
      }
    } catch {
      await file.close()
      throw error
    }
    await file.close()
    return found
  }

  /// The last row of a key counts: a file that is added to may hold several.
  private static func match(_ batch: Batch, _ names: [String], _ keys: [[Value]], _ found: inout [Value?]) {
    for event in batch.events.indices where batch.events[event].record != Event.none {
      let row = batch.value(at: Int(batch.events[event].record))
      for (index, key) in keys.enumerated() {
        let isSame = zip(names, key).allSatisfy { name, value in
          // CSV knows texts alone.
          row[name].map { $0.means(value) || $0.string == value.json } ?? false
        }
        if isSame { found[index] = row }
      }
    }
  }

  private func exists() throws(ConnectorError) -> Bool {
    do throws(FileError) {
      return try Files.info(Files.join(context.folder, target.path)) != nil
    } catch {
      throw error.connectorError
    }
  }

  func close() async {}
}
