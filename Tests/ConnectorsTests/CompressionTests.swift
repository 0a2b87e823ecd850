import Records
import Testing

@testable import Connectors

/// Packs each text into a frame of its own.
func pack(_ frames: [String], _ compression: Compression) throws -> [UInt8] {
  guard let compressor = compression.makeCompressor() else { return frames.flatMap { Array($0.utf8) } }
  var out = ByteBuffer()
  for frame in frames {
    var text = ByteBuffer()
    text.append(frame)
    try compressor.frame([text.bytes], into: &out)
  }
  return Array(out.bytes)
}

private func unpack(
  _ bytes: [UInt8], _ compression: Compression, pieces: Int, room: Int
) throws -> (text: String, isWhole: Bool) {
  let decompressor = try #require(compression.makeDecompressor())
  var out: [UInt8] = []
  var at = 0
  var isWhole = false
  var space = [UInt8](repeating: 0, count: room)
  while true {
    let end = min(at + pieces, bytes.count)
    let step = try bytes[at..<end].withUnsafeBytes { input in
      try space.withUnsafeMutableBytes { try decompressor.step(input, into: $0) }
    }
    at += step.consumed
    out += space[..<step.produced]
    isWhole = step.isBetweenFrames
    if step.consumed == 0, step.produced == 0, at == bytes.count {
      return (String(decoding: out, as: UTF8.self), isWhole)
    }
  }
}

@Suite struct CompressionTests {
  static let packed: [Compression] = [.gzip, .zstd]

  @Test("Frames come back, whatever the sizes of pieces", arguments: packed)
  func roundTrip(_ compression: Compression) throws {
    let frames = ["", "a", String(repeating: "millrace ", count: 500), "end"]
    let bytes = try pack(frames, compression)
    #expect(Compression(magic: bytes) == compression)
    for pieces in [1, 3, 100, bytes.count] {
      for room in [1, 7, 10_000] {
        let result = try unpack(bytes, compression, pieces: pieces, room: room)
        #expect(result.text == frames.joined())
        #expect(result.isWhole)
      }
    }
  }

  @Test("A cut stream gives what is there and is not whole", arguments: packed)
  func cut(_ compression: Compression) throws {
    let bytes = try pack(["first", "second"], compression)
    let first = try pack(["first"], compression).count
    for count in 1..<bytes.count {
      let result = try unpack(Array(bytes[..<count]), compression, pieces: 10, room: 100)
      #expect("firstsecond".hasPrefix(result.text))
      #expect(result.isWhole == (count == first))
    }
  }

  @Test("Damage is found", arguments: packed)
  func damage(_ compression: Compression) throws {
    var bytes = try pack([String(repeating: "millrace ", count: 100)], compression)
    bytes[bytes.count / 2] ^= 0xff
    #expect(throws: CompressionError.self) { try unpack(bytes, compression, pieces: 1_000, room: 1_000) }
    let garbage = try pack(["a"], compression) + Array("garbage".utf8)
    #expect(throws: CompressionError.self) { try unpack(garbage, compression, pieces: 1_000, room: 1_000) }
  }

  @Test func zerosBehindGzipArePadding() throws {
    let bytes = try pack(["a"], .gzip) + [UInt8](repeating: 0, count: 100)
    #expect(try unpack(bytes, .gzip, pieces: 30, room: 100) == ("a", true))
    #expect(throws: CompressionError.self) { try unpack(bytes + [1], .gzip, pieces: 1_000, room: 100) }
  }

  @Test func namesTell() {
    #expect(Compression(name: "a/b.ndjson.GZ") == .gzip)
    #expect(Compression(name: "b.csv.zst") == .zstd)
    #expect(Compression(name: "gz") == .none)
    #expect(Format(name: "a.b/c.jsonl.gz") == .ndjson)
    #expect(Format(name: "c.TSV") == .csv)
    #expect(Format(name: "a.json/c") == nil)
  }
}
