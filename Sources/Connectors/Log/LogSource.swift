import ConnectorKit
import Records

/// How a log is read.
struct LogReading: Sendable {
  var path: String
  var start: LogStart
  var format: MessageFormat
  var pointers: EventPointers
  /// Ends where the log ends when it is opened, instead of waiting for more.
  var ends: Bool
  /// Whether a log that was never written counts as empty.
  var mayBeMissing = false
}

/// Reads a log at its own pace; several do at once, and none disturbs another or the writer.
actor LogSource: Source {
  /// How long the log is left alone when it holds nothing new: at first, and when it has been quiet.
  private static let pause: Duration = .milliseconds(5)
  private static let quietPause: Duration = .milliseconds(50)
  /// How many looks find nothing before the log counts as quiet.
  private static let looksMax = 200

  private let reading: LogReading
  private let context: Context

  private var reader: LogReader?
  /// Where reading ends; nil where it goes on.
  private var end: UInt64?
  private var looks = 0
  /// The place that is not in a checkpoint yet although reading begins there: where `end` was when the run began.
  private var pinned: Position?

  init(_ reading: LogReading, _ context: Context) {
    self.reading = reading
    self.context = context
  }

  func open(at position: Position?) throws(ConnectorError) {
    let place = try position.flatMap { position throws(ConnectorError) in
      position == .start ? nil : try LogPlace(position)
    }
    do throws(LogError) {
      reader = try LogReader.open(reading.path, at: place, or: reading.start)
      if reading.ends { end = try reader?.head()?.end ?? reader?.place.offset ?? 0 }
    } catch {
      throw error.connectorError
    }
    if place == nil, reading.start != .beginning { pinned = reader?.place.position }
    if reader == nil { try checkMissing(place) }
  }

  /// What follows a log may start before the log's producer; what reads it once may not.
  private func checkMissing(_ place: LogPlace?) throws(ConnectorError) {
    let isEmpty = (try? Files.info(LogFolder(reading.path).headPath)) != nil
    if place == nil, isEmpty || (reading.ends && reading.mayBeMissing) { return }
    if place != nil || reading.ends {
      throw ConnectorError(
        "log.not_found", "There is no log in \(reading.path).", remedy: .stop,
        hint: "Check the path; a webhook source writes its log to the folder that its `log` names.")
    }
    context.note("There is no log in \(reading.path) yet; waiting for its first event.")
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    if let pinned {
      // An empty batch, so that the place is in a checkpoint before anything comes.
      batch.position = pinned
      batch.origin = Origin(name: Files.name(of: reading.path))
      self.pinned = nil
      return .batch
    }
    do throws(LogError) {
      if try fill(batch) {
        looks = 0
        return .batch
      }
    } catch {
      throw error.connectorError
    }
    if reading.ends { return .end }
    looks += 1
    _ = await context.sleep(looks > Self.looksMax ? Self.quietPause : Self.pause)
    return .idle
  }

  private func fill(_ batch: Batch) throws(LogError) -> Bool {
    if reader == nil, !reading.ends { reader = try LogReader.open(reading.path, at: nil, or: .beginning) }
    guard let limit = try limit() else { return false }
    return try reader?.fill(batch, upTo: limit, bytes: context.batchBytes) ?? false
  }

  /// How far may be read now; nil while nobody knows.
  private func limit() throws(LogError) -> UInt64? {
    if let end { return end }
    return try reader?.head()?.end
  }

  nonisolated func makeDecoder() -> any Decoder { LogDecoder(reading.format.makeEnvelope(reading.pointers)) }

  /// Whoever writes the log keeps it for a time, whoever reads it.
  func acknowledge(_ positions: [Position]) {}

  func extent() -> Extent? {
    guard let head = try? reader?.head(), let oldest = try? reader?.oldest(), let place = reader?.place.offset else {
      return nil
    }
    return Extent(
      unit: .bytes, total: head.end - min(head.end, oldest), done: min(place, head.end) - min(place, oldest))
  }

  func close() { reader = nil }
}
