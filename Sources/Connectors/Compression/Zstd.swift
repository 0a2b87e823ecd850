import CZstd
import Records

// The pointers in this file: zstd's contexts are its own memory, freed here; the input and output pointers are only
// used while a call lasts.

/// zstd (RFC 8878) with any number of frames; skippable frames are skipped.
final class ZstdDecompressor: Decompressor {
  private let context: OpaquePointer?
  private var isBetweenFrames = true

  /// The largest window that is accepted, as a power of two: what `zstd --long=27` needs, 128 MiB.
  private static let windowLogMax: Int32 = 27

  init() {
    context = ZSTD_createDCtx()
    if let context { ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogMax) }
  }

  deinit { ZSTD_freeDCtx(context) }

  func step(_ input: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Step
  {
    guard let context else { throw CompressionError(message: "there is no memory for unpacking") }
    // Between frames a call without input would begin the next one.
    if isBetweenFrames && input.isEmpty { return Step(consumed: 0, produced: 0, isBetweenFrames: true) }
    var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var to = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
    let result = ZSTD_decompressStream(context, &to, &from)
    guard ZSTD_isError(result) == 0 else { throw CompressionError(message: String(cString: ZSTD_getErrorName(result))) }
    isBetweenFrames = result == 0
    return Step(consumed: from.pos, produced: to.pos, isBetweenFrames: isBetweenFrames)
  }
}

/// Packs with zstd's usual level (3) and a checksum a frame.
final class ZstdCompressor: Compressor {
  private let context: OpaquePointer?

  init() {
    context = ZSTD_createCCtx()
    if let context { ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1) }
  }

  deinit { ZSTD_freeCCtx(context) }

  func frame(_ parts: [UnsafeRawBufferPointer], into out: inout ByteBuffer) throws(CompressionError) {
    guard let context, ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_only)) == 0 else {
      throw CompressionError(message: "there is no memory for packing")
    }
    for part in parts { try pack(part, ZSTD_e_continue, context, into: &out) }
    try pack(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, context, into: &out)
  }

  private func pack(
    _ input: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective, _ context: OpaquePointer,
    into out: inout ByteBuffer
  ) throws(CompressionError) {
    var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var left = 0
    repeat {
      let room = ZSTD_CStreamOutSize()
      out.reserve(room)
      var to = ZSTD_outBuffer(dst: out.end, size: room, pos: 0)
      left = ZSTD_compressStream2(context, &to, &from, directive)
      guard ZSTD_isError(left) == 0 else { throw CompressionError(message: String(cString: ZSTD_getErrorName(left))) }
      out.advance(by: to.pos)
    } while directive == ZSTD_e_end ? left > 0 : from.pos < from.size
  }
}
