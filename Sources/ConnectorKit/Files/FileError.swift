import Glibc

/// A call to the operating system about a file that failed.
package struct FileError: Error, Sendable, Equatable {
  package enum Action: String, Sendable {
    case open, read, write, sync, lock, inspect, list, rename, remove, truncate
    case makeFolder = "make the folder"
  }

  package var action: Action
  package var path: String
  /// The system's error number.
  package var number: Int32

  package init(_ action: Action, _ path: String, _ number: Int32 = errno) {
    self.action = action
    self.path = path
    self.number = number
  }

  /// The system's own words.
  package var reason: String { String(cString: strerror(number)) }

  /// A stable code, for `millrace explain`.
  package var code: String {
    switch (action, number) {
    case (.sync, EIO), (.sync, EINVAL): "file.sync_failed"
    case (.lock, EWOULDBLOCK): "file.locked"
    case (_, ENOENT), (_, ENOTDIR): "file.not_found"
    case (_, EACCES), (_, EPERM): "file.permission_denied"
    case (_, EROFS): "file.read_only"
    case (_, EISDIR): "file.is_folder"
    case (_, ENOSPC), (_, EDQUOT): "file.disk_full"
    case (_, EMFILE), (_, ENFILE): "file.too_many_open"
    case (_, ENAMETOOLONG), (_, ELOOP): "file.bad_path"
    case (_, EPIPE): "file.closed_pipe"
    case (.read, _), (.inspect, _), (.list, _): "file.read_failed"
    default: "file.write_failed"
    }
  }

  /// What to do about it; nil where the system's words say all that is known.
  package var hint: String? {
    switch code {
    case "file.sync_failed":
      "The disk did not store what was written. Check the disk, then start again: the run goes on from its checkpoint."
    case "file.locked": "Another run has it open for writing. Wait until that run ends, or give this one another path."
    case "file.not_found": "Check the path; relative paths start from the pipeline file's folder."
    case "file.permission_denied": "Give the user that runs millrace the right to \(action.rawValue) it."
    case "file.read_only": "The file system is mounted read-only; choose a path on another one."
    case "file.is_folder": "Name a file in it."
    case "file.disk_full": "Free some space; the run goes on by itself."
    case "file.too_many_open": "Raise the limit of open files (ulimit -n)."
    default: nil
    }
  }

  private var remedy: ConnectorError.Remedy {
    code == "file.disk_full" || code == "file.too_many_open" ? .retry(after: nil) : .stop
  }

  package var connectorError: ConnectorError {
    ConnectorError(code, "Cannot \(action.rawValue) \(path): \(reason).", remedy: remedy, hint: hint)
  }
}
