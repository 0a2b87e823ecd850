import ConnectorKit
import Records

/// Writes at the end of a file, and leaves no part of a write there that failed.
final class FileWriter {
  /// How much is gathered for one frame of a packed file, in bytes before packing.
  private static let frameBytes = 1 << 20

  /// After so many bytes the disk is set to work, so that it does not idle until the next sync.
  private static let storingBytes: UInt64 = 8 << 20

  let file: DurableFile
  /// How much of the file is whole, in bytes as they lie on the disk.
  private(set) var length: UInt64
  private let compressor: (any Compressor)?
  /// What is taken and not packed yet.
  private var pending = ByteBuffer()
  private var packed = ByteBuffer()
  /// A failed write may have left something behind `length`.
  private var mustCut = true
  /// Up to where the disk was set to work.
  private var storedTo: UInt64
  private var isSynced = false

  /// - Parameter length: how much of the file stays; what stands behind that is cut off.
  init(_ file: DurableFile, length: UInt64, _ compression: Compression) throws(FileError) {
    self.file = file
    self.length = length
    storedTo = length
    compressor = compression.makeCompressor()
    try cut()
  }

  /// Whether nothing was written or taken.
  var isEmpty: Bool { length == 0 && pending.isEmpty }

  /// Takes all of it, or throws and keeps none of it.
  func append(_ parts: [UnsafeRawBufferPointer]) throws(ConnectorError) {
    guard compressor != nil else { return try write(parts) }
    let before = pending.count
    for part in parts { pending.append(part) }
    guard pending.count >= Self.frameBytes else { return }
    do {
      try writeFrame()
    } catch {
      pending.truncate(to: before)
      throw error
    }
  }

  /// Returns when all that was taken is on the disk.
  func sync() throws(ConnectorError) {
    if !pending.isEmpty { try writeFrame() }
    if isSynced { return }
    do {
      try file.sync()
      isSynced = true
    } catch {
      throw error.connectorError
    }
  }

  /// The last bytes on the disk.
  func tail() throws(FileError) -> Fingerprint {
    let count = min(length, UInt64(Fingerprint.tailBytes))
    return try Fingerprint(file.read(at: length - count, count: Int(count)))
  }

  private func writeFrame() throws(ConnectorError) {
    packed.removeAll()
    do throws(CompressionError) {
      try compressor?.frame([pending.bytes], into: &packed)
    } catch {
      throw ConnectorError("file.packing_failed", "Cannot pack for \(file.path): \(error.message).", remedy: .stop)
    }
    try write([packed.bytes])
    pending.shrink(to: 2 * Self.frameBytes)
  }

  private func write(_ parts: [UnsafeRawBufferPointer]) throws(ConnectorError) {
    do {
      if mustCut { try cut() }
      mustCut = true
      isSynced = false
      try file.write(parts)
      mustCut = false
      length += parts.reduce(0) { $0 + UInt64($1.count) }
      beginStoring()
    } catch {
      // What cannot be cut off now is cut off before the next write.
      try? cut()
      throw error.connectorError
    }
  }

  private func beginStoring() {
    guard length - storedTo >= Self.storingBytes else { return }
    file.beginStoring(from: storedTo, count: length - storedTo)
    storedTo = length
  }

  private func cut() throws(FileError) {
    try file.truncate(to: length)
    try file.seek(to: length)
    mustCut = false
  }
}
