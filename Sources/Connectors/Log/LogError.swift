import ConnectorKit

/// Why a log cannot be written or read.
enum LogError: Error, Equatable {
  case file(FileError)
  /// What was acknowledged is damaged, at an address.
  case corrupt(String, UInt64, String)
  /// Another process writes it.
  case locked(String)
  /// All of it is unread, and it may not grow.
  case full(String, bytesMax: UInt64)
  /// Retention took what was not read yet.
  case removed(String, wanted: UInt64, oldest: UInt64)
  /// The checkpoint is further on than the log.
  case beyondEnd(String, wanted: UInt64, end: UInt64)
  /// The checkpoint is of another log.
  case replaced(String)
  /// The file names an offset at which no record begins.
  case noRecord(String, UInt64)

  /// Whether it may pass without anybody's doing.
  var isPassing: Bool { connectorError.remedy != .stop }
}

extension LogError {
  var connectorError: ConnectorError {
    switch self {
    case .file(let error): error.connectorError
    case .corrupt(let path, let address, let reason):
      ConnectorError(
        "log.corrupt", "The log \(path) is damaged at offset \(address): \(reason).", remedy: .stop,
        hint:
          "Check the disk. Restore the folder from a copy, or move it away to begin a new log without what it holds.")
    case .locked(let path):
      ConnectorError(
        "log.locked", "Another run writes the log \(path).", remedy: .stop,
        hint: "Stop the other run, or give this pipeline a `log` of its own; `type: log` reads one that another writes."
      )
    case .full(let path, let max):
      ConnectorError(
        "log.full", "The log \(path) is full: it may hold \(max) bytes, and what it holds is not worked through yet.",
        remedy: .retry(after: nil), hint: "Mend what holds the pipeline up, or raise retain.bytes.")
    default: readingError
    }
  }

  private var readingError: ConnectorError {
    switch self {
    case .removed(let path, let wanted, let oldest):
      ConnectorError(
        "log.removed",
        "The log \(path) no longer holds what comes at offset \(wanted): its retention removed it; the oldest record "
          + "that is left stands at \(oldest).",
        remedy: .stop, hint: Self.startOver)
    case .beyondEnd(let path, let wanted, let end):
      ConnectorError(
        "log.beyond_end", "Offset \(wanted) lies behind the end of the log \(path), which is \(end).", remedy: .stop,
        hint: "Put the log back that was read, or start over with `millrace checkpoint reset`.")
    case .replaced(let path):
      ConnectorError(
        "log.replaced", "The log \(path) is not the one that was read before.", remedy: .stop,
        hint: "Put the log back that was read, or start over with `millrace checkpoint reset`.")
    case .noRecord(let path, let offset):
      ConnectorError(
        "log.no_record", "No record of the log \(path) begins at offset \(offset).", remedy: .stop,
        hint: "Take an offset that `millrace checkpoint show` or meta.position gave, or a time.")
    default: connectorError
    }
  }

  private static let startOver =
    "Start over from what is kept with `millrace checkpoint reset`; what was removed must come from its producer again."
}
