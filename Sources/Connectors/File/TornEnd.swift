import ConnectorKit
import Glibc
import Records

/// Finds where the whole rows end in what an interrupted run left at the end of a file.
struct TornEnd {
  private let file: DurableFile
  private let writing: FileWriting

  init(_ file: DurableFile, _ writing: FileWriting) {
    self.file = file
    self.writing = writing
  }

  /// - Parameter start: where a row begins, or a frame of a packed file.
  func wholeLength(from start: UInt64, size: UInt64) throws -> UInt64 {
    if let decompressor = writing.compression.makeDecompressor() {
      return try wholeFrames(decompressor, from: start, size: size)
    }
    var framer = writing.format.makeFramer(writing.dialect)
    var rows = ByteBuffer()
    var (whole, at, seen) = (start, start, 0)
    while at < size {
      at += UInt64(try append(at, size, to: &rows))
      let cut = try framer.scan(rows.contents, seen: seen)
      rows.removeFirst(cut)
      whole += UInt64(cut)
      seen = rows.count
    }
    return whole
  }

  private func wholeFrames(_ decompressor: any Decompressor, from start: UInt64, size: UInt64) throws -> UInt64 {
    var room = ByteBuffer(capacity: 256 << 10)
    room.reserve(256 << 10)
    var (whole, at) = (start, start)
    while at < size {
      var packed = ByteBuffer()
      let end = at + UInt64(try append(at, size, to: &packed))
      var used = 0
      while used < packed.count {
        let input = UnsafeRawBufferPointer(rebasing: packed.bytes[used...])
        let step = try? decompressor.step(
          input, into: UnsafeMutableRawBufferPointer(start: room.end, count: room.capacity))
        guard let step, step.consumed + step.produced > 0 else { return whole }
        used += step.consumed
        if step.isBetweenFrames { whole = at + UInt64(used) }
      }
      at = end
    }
    return whole
  }

  private func append(_ at: UInt64, _ size: UInt64, to buffer: inout ByteBuffer) throws(FileError) -> Int {
    let piece = try file.read(at: at, count: Int(min(size - at, 1 << 20)))
    // Somebody else cut the file meanwhile.
    if piece.isEmpty { throw FileError(.read, file.path, EIO) }
    piece.withUnsafeBytes { buffer.append($0) }
    return piece.count
  }
}
