import ConnectorKit

/// The lines of a file of NDJSON that is only ever appended to.
package enum LetterLines {
  /// How much is read at once, in bytes.
  private static let chunk = 1 << 20

  /// Gives whole lines, several at once, each ended; a last one that a crash cut off is left out.
  package static func read<E: Error>(
    _ path: String, mapping failure: (FileError) -> E, _ body: (ArraySlice<UInt8>) throws(E) -> Void
  ) throws(E) {
    let file: DurableFile
    do throws(FileError) {
      guard try Files.info(path) != nil else { return }
      file = try DurableFile(path, for: .reading)
    } catch {
      throw failure(error)
    }
    var offset: UInt64 = 0
    var rest: [UInt8] = []
    while true {
      let bytes: [UInt8]
      do throws(FileError) { bytes = try file.read(at: offset, count: chunk) } catch { throw failure(error) }
      if bytes.isEmpty { return }
      offset += UInt64(bytes.count)
      rest += bytes
      guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
      try body(rest[...end])
      rest.removeSubrange(...end)
    }
  }
}
