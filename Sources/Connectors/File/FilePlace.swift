import ConnectorKit
import Records

/// How far a file was read: what the checkpoint keeps of it.
struct FilePlace: Sendable, Equatable {
  /// As the pipeline file names it; relative paths start from the pipeline file's folder.
  var path: String
  /// The device is not kept: its number may change when the machine starts.
  var identity: FileIdentity
  /// Where the next record begins, in bytes of the unpacked text.
  var offset: UInt64 = 0
  /// The line there, counted from 1.
  var line: UInt64 = 1
  /// The size of the file, in bytes as it lies on the disk, when all of it had been read.
  var completeSize: UInt64?
  /// Of the file's first bytes as they lie on the disk.
  var head: Fingerprint?
  /// Of the text's bytes right before `offset`.
  var tail: Fingerprint?

  init(path: String, identity: FileIdentity) {
    self.path = path
    self.identity = identity
  }
}

extension FilePlace {
  /// The version of `value`'s shape, and of the position that is a list of them.
  static let format = 1

  var value: Value {
    var members = [
      Value.Member("path", .string(path)),
      Value.Member("inode", .int(Int64(truncatingIfNeeded: identity.inode))),
      Value.Member("offset", .int(Int64(clamping: offset))),
      Value.Member("line", .int(Int64(clamping: line))),
    ]
    if let completeSize { members.append(Value.Member("complete_size", .int(Int64(clamping: completeSize)))) }
    if let head { members.append(Value.Member("head", .string(head.text))) }
    if let tail { members.append(Value.Member("tail", .string(tail.text))) }
    return .object(members)
  }

  init?(_ value: Value) {
    guard let path = value["path"]?.string, let inode = value["inode"]?.int, let offset = value["offset"]?.int,
      let line = value["line"]?.int, offset >= 0, line >= 1
    else { return nil }
    self.init(path: path, identity: FileIdentity(device: 0, inode: UInt64(truncatingIfNeeded: inode)))
    self.offset = UInt64(offset)
    self.line = UInt64(line)
    completeSize = value["complete_size"]?.int.map { UInt64(clamping: $0) }
    head = Fingerprint(text: value["head"]?.string)
    tail = Fingerprint(text: value["tail"]?.string)
  }

  /// The places in a position that a file source made.
  static func places(in position: Position) throws(ConnectorError) -> [FilePlace] {
    let values = position.value["files"]?.array
    let places = values?.compactMap { FilePlace($0) }
    guard position.format == format, let values, let places, places.count == values.count else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is none of a file source of this version.",
        remedy: .stop,
        hint: "Start from the beginning with `millrace checkpoint reset`, or use the version that wrote it.")
    }
    return places
  }
}
