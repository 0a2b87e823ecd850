import ConnectorKit
import Records

/// How far a source has come that reads tables and then their changes: what the checkpoint keeps of it.
///
/// Invariant 6: the place in the stream is there from before the first row, so that nothing that happens while the tables
/// are read is missed.
struct StreamPlace: Sendable, Equatable {
  /// Where reading the tables goes on; nil where it is done, or was never asked for.
  var load: Position?
  var stream: StreamPosition

  private static let format = 2

  var position: Position {
    var members = [Value.Member("stream", stream.value)]
    if let load { members.append(.init("load", ["format": .int(Int64(load.format)), "value": load.value])) }
    return Position(format: Self.format, value: .object(members))
  }

  init(load: Position? = nil, stream: StreamPosition) {
    self.load = load
    self.stream = stream
  }

  init(_ position: Position) throws(ConnectorError) {
    guard position.format == Self.format, let stream = StreamPosition(position.value["stream"]) else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is no place in a stream of changes.",
        remedy: .stop,
        hint: "It was made with another `read`, or by another version: start from the beginning with `millrace "
          + "checkpoint reset`, or use what made it.")
    }
    self.stream = stream
    guard let load = position.value["load"] else { return }
    self.load = Position(format: Int(load["format"]?.int ?? 0), value: load["value"] ?? .null)
  }
}
