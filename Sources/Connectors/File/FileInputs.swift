import ConnectorKit
import Records

/// A file as it lies on the disk.
final class PlainInput: ByteInput {
  private let file: DurableFile
  /// Whether more may come behind its end.
  var grows: Bool
  /// How much was read, in bytes from the begin.
  private(set) var readTo: UInt64

  init(_ file: DurableFile, grows: Bool, from offset: UInt64) throws(FileError) {
    self.file = file
    self.grows = grows
    readTo = offset
    file.adviseSequential()
    try file.seek(to: offset)
  }

  func read(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Arrival {
    do {
      let count = try file.read(into: room)
      readTo += UInt64(count)
      if count > 0 { return .bytes(count) }
    } catch {
      throw error.connectorError
    }
    return grows ? .nothing : .end
  }
}

/// A packed file, unpacked.
final class PackedInput: ByteInput {
  private let file: DurableFile
  private let decompressor: any Decompressor
  private var packed = ByteBuffer(capacity: 256 << 10)
  /// How much of `packed` is done with.
  private var used = 0
  private var isBetweenFrames = false
  private var isAtEnd = false
  /// How much of the file was unpacked, in bytes as they lie on the disk.
  private(set) var unpackedTo: UInt64 = 0

  init(_ file: DurableFile, _ decompressor: any Decompressor) throws(FileError) {
    self.file = file
    self.decompressor = decompressor
    file.adviseSequential()
    try file.seek(to: 0)
  }

  func read(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Arrival {
    while true {
      if used == packed.count && !isAtEnd { try readPacked() }
      let step = try unpack(into: room)
      used += step.consumed
      unpackedTo += UInt64(step.consumed)
      isBetweenFrames = step.isBetweenFrames
      if step.produced > 0 { return .bytes(step.produced) }
      if step.consumed == 0 && used == packed.count && isAtEnd { return try end() }
    }
  }

  private func readPacked() throws(ConnectorError) {
    packed.removeAll()
    used = 0
    do {
      let count = try file.read(
        into: UnsafeMutableRawBufferPointer(start: packed.end, count: packed.capacity))
      packed.advance(by: count)
      isAtEnd = count == 0
    } catch {
      throw error.connectorError
    }
  }

  private func unpack(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Step {
    do {
      return try decompressor.step(UnsafeRawBufferPointer(rebasing: packed.bytes[used...]), into: room)
    } catch {
      throw ConnectorError(
        "file.packed_damaged", "\(file.path) cannot be unpacked behind its byte \(unpackedTo): \(error.message).",
        remedy: .stop, hint: "Get the file anew. The records before that place were read.")
    }
  }

  /// Whether all of the file was unpacked, looking one byte ahead.
  func isExhausted() throws(FileError) -> Bool {
    guard used == packed.count, isBetweenFrames else { return false }
    return try file.read(at: unpackedTo, count: 1).isEmpty
  }

  private func end() throws(ConnectorError) -> Arrival {
    if isBetweenFrames { return .end }
    throw ConnectorError(
      "file.packed_cut_off", "\(file.path) ends in the middle of its packed data, at byte \(unpackedTo).",
      remedy: .stop, hint: "Get the file anew, whole. The records before that place were read.")
  }

  /// Unpacks and forgets the first `count` bytes.
  ///
  /// - Returns: the last of them, for a fingerprint; nil where the text is shorter.
  func skip(_ count: UInt64) throws(ConnectorError) -> [UInt8]? {
    var scratch = ByteBuffer(capacity: 256 << 10)
    var left = count
    while left > 0 {
      // Keeps what a fingerprint needs in front of the next piece.
      scratch.removeFirst(max(0, scratch.count - Fingerprint.tailBytes))
      scratch.reserve(256 << 10)
      let room = UnsafeMutableRawBufferPointer(start: scratch.end, count: Int(min(left, 256 << 10)))
      guard case .bytes(let more) = try read(into: room) else { return nil }
      scratch.advance(by: more)
      left -= UInt64(more)
    }
    return Array(scratch.bytes.suffix(Fingerprint.tailBytes))
  }
}
