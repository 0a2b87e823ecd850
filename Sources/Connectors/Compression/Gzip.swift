import CZlib
import Records

// The pointers in this file: zlib keeps the address of its z_stream, so each lives in memory of its own; the input and
// output pointers are only used while a call lasts.

/// gzip (RFC 1952) with any number of members; zeros behind the last member are padding, as gzip itself takes them.
final class GzipDecompressor: Decompressor {
  private enum State { case betweenMembers, inMember, padding }

  private let stream: UnsafeMutablePointer<z_stream>
  private var state = State.betweenMembers
  /// zlib's failure to get memory at the begin, told at the first step.
  private let opened: Int32

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16: gzip's wrapper.
    opened = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func step(_ input: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Step
  {
    guard opened == Z_OK else { throw CompressionError(message: "there is no memory for unpacking") }
    if state != .inMember, let first = input.first {
      if first == 0 { state = .padding }
      if state == .padding { return try skipPadding(input) }
      guard inflateReset(stream) == Z_OK else { throw problem() }
      state = .inMember
    }
    guard state == .inMember else { return Step(consumed: 0, produced: 0, isBetweenFrames: true) }
    return try inflateSome(input, into: room)
  }

  private func inflateSome(
    _ input: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  )
    throws(CompressionError) -> Step
  {
    let inputCount = min(input.count, Int(UInt32.max))
    let roomCount = min(room.count, Int(UInt32.max))
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(inputCount)
    stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(roomCount)
    switch inflate(stream, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: state = .betweenMembers
    default: throw problem()
    }
    return Step(
      consumed: inputCount - Int(stream.pointee.avail_in), produced: roomCount - Int(stream.pointee.avail_out),
      isBetweenFrames: state == .betweenMembers)
  }

  private func skipPadding(_ input: UnsafeRawBufferPointer) throws(CompressionError) -> Step {
    guard input.allSatisfy({ $0 == 0 }) else {
      throw CompressionError(message: "there is something else behind the packed data")
    }
    return Step(consumed: input.count, produced: 0, isBetweenFrames: true)
  }

  private func problem() -> CompressionError {
    CompressionError(message: stream.pointee.msg.map { String(cString: $0) } ?? "the packed data is damaged")
  }
}

/// Packs with gzip's usual level (6), without a name or time, so that the same bytes give the same member.
final class GzipCompressor: Compressor {
  private let stream: UnsafeMutablePointer<z_stream>
  private let opened: Int32

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    opened = deflateInit2_(
      stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  func frame(_ parts: [UnsafeRawBufferPointer], into out: inout ByteBuffer) throws(CompressionError) {
    guard opened == Z_OK, deflateReset(stream) == Z_OK else {
      throw CompressionError(message: "there is no memory for packing")
    }
    for part in parts { try deflateAll(part, Z_NO_FLUSH, into: &out) }
    try deflateAll(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, into: &out)
  }

  private func deflateAll(
    _ input: UnsafeRawBufferPointer, _ flush: Int32, into out: inout ByteBuffer
  )
    throws(CompressionError)
  {
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(input.count)
    var status = Z_OK
    repeat {
      let room = 64 << 10
      out.reserve(room)
      stream.pointee.next_out = out.end
      stream.pointee.avail_out = UInt32(room)
      status = deflate(stream, flush)
      out.advance(by: room - Int(stream.pointee.avail_out))
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw CompressionError(message: "zlib cannot pack (\(status))")
      }
    } while flush == Z_FINISH ? status != Z_STREAM_END : stream.pointee.avail_in > 0
  }
}
