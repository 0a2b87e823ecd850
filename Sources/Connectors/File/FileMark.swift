import ConnectorKit
import Records

/// What the checkpoint keeps of a file that is written: how much of it was durable.
struct FileMark: Sendable, Equatable {
  var path: String
  var inode: UInt64
  /// In bytes as they lie on the disk; without what closes a JSON array.
  var length: UInt64
  /// Of the bytes right before `length`.
  var tail: Fingerprint
  /// The file was put in its place.
  var isFinished = false

  var value: Value {
    .object([
      Value.Member("path", .string(path)),
      Value.Member("inode", .int(Int64(truncatingIfNeeded: inode))),
      Value.Member("length", .int(Int64(clamping: length))),
      Value.Member("tail", .string(tail.text)),
      Value.Member("finished", .bool(isFinished)),
    ])
  }

  init(path: String, inode: UInt64, length: UInt64, tail: Fingerprint, isFinished: Bool = false) {
    self.path = path
    self.inode = inode
    self.length = length
    self.tail = tail
    self.isFinished = isFinished
  }

  init(_ value: Value) throws(ConnectorError) {
    guard let path = value["path"]?.string, let inode = value["inode"]?.int, let length = value["length"]?.int,
      length >= 0, let tail = Fingerprint(text: value["tail"]?.string), let finished = value["finished"]?.bool
    else {
      throw ConnectorError(
        "checkpoint.mark_unreadable", "What the checkpoint says of the target is none of a file target.",
        remedy: .stop, hint: "Start from the beginning with `millrace checkpoint reset`.")
    }
    self.init(
      path: path, inode: UInt64(truncatingIfNeeded: inode), length: UInt64(length), tail: tail, isFinished: finished)
  }

  /// Whether a file holds what was durable.
  func matches(_ file: DurableFile) throws(FileError) -> Bool {
    guard try file.info().size >= length else { return false }
    return try tail.matches(file, endingAt: length)
  }
}
