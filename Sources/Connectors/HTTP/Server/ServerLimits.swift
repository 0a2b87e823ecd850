import ConnectorKit

/// What a server puts up with. Each has a unit in its name or here.
enum ServerLimits {
  /// How many loops serve one address, each on a thread.
  static let loopsMax = 4
  /// How many connections are served at once; further ones wait to be accepted.
  static let connectionsMax = 4_096
  /// How many connections wait to be accepted.
  static let backlog: Int32 = 1_024
  /// What all bodies that are under way may take together, in bytes; a single one is always taken.
  static let bodiesBytesMax = 256 << 20
  /// What a connection may hold without counting against that, in bytes.
  static let freeBytes = 64 << 10
  /// How much is read from a socket at once, in bytes.
  static let readBytes = 64 << 10
  /// How many requests of one HTTP/2 connection are served at once.
  static let streamsMax: UInt32 = 100

  /// How long a connection may say nothing between two requests, in milliseconds.
  static let idleMax: Int64 = 75_000
  /// How long a head may take, and TLS its handshake.
  static let headMax: Int64 = 10_000
  /// How long a body may stand still.
  static let pauseMax: Int64 = 30_000
  /// How long a whole request may take.
  static let requestMax: Int64 = 900_000
  /// How long what the other side still sends is read over behind an answer that ends the connection.
  static let lingerMax: Int64 = 2_000
  /// How long answers may take to leave when the server stops.
  static let drainMax: Int64 = 5_000
  /// How long after the start a path that is not served may still come, in milliseconds.
  static let startMax: Int64 = 3_000
  /// How soon callers shall come again that were sent away, in seconds.
  static let retryAfter = 5
}
