import Records

/// How a stream of bytes is packed.
enum Compression: String, Sendable, CaseIterable {
  case none, gzip, zstd

  /// What a file's name says: `.gz` and `.gzip`, `.zst` and `.zstd`; anything else is not packed.
  init(name: String) {
    let name = name.lowercased()
    if name.hasSuffix(".gz") || name.hasSuffix(".gzip") {
      self = .gzip
    } else if name.hasSuffix(".zst") || name.hasSuffix(".zstd") {
      self = .zstd
    } else {
      self = .none
    }
  }

  /// What a file's first four bytes say.
  init(magic: some Collection<UInt8>) {
    if magic.starts(with: [0x1f, 0x8b]) {
      self = .gzip
    } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
      self = .zstd
    } else {
      self = .none
    }
  }

  func makeDecompressor() -> (any Decompressor)? {
    switch self {
    case .none: nil
    case .gzip: GzipDecompressor()
    case .zstd: ZstdDecompressor()
    }
  }

  func makeCompressor() -> (any Compressor)? {
    switch self {
    case .none: nil
    case .gzip: GzipCompressor()
    case .zstd: ZstdCompressor()
    }
  }
}

/// Unpacks a stream, step by step. A stream is a sequence of frames (a gzip file calls them members), each whole in
/// itself.
protocol Decompressor: AnyObject {
  /// Unpacks what it can.
  ///
  /// Makes progress whenever there is input and room; with no input left it may still have output.
  func step(_ input: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Step
}

/// What one step of a ``Decompressor`` did.
struct Step: Equatable {
  /// Bytes of the input that are done with.
  var consumed: Int
  /// Bytes that stand in the room.
  var produced: Int
  /// Whether a frame ended with the last consumed byte and all of its output was given.
  var isBetweenFrames: Bool
}

/// The input is not what it says it is.
struct CompressionError: Error, Equatable {
  var message: String
}

/// Packs bytes into frames.
protocol Compressor: AnyObject {
  /// Appends one whole frame.
  func frame(_ parts: [UnsafeRawBufferPointer], into out: inout ByteBuffer) throws(CompressionError)
}
