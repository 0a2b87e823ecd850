import Glibc

/// The contents of a file as memory, read only; for a look over a whole file without a copy of it.
package enum MappedFile {
  /// - Parameters:
  ///   - count: how many bytes from the begin; the file must have them as long as `body` runs.
  ///   - body: must not keep the bytes.
  package static func read<Result>(
    _ file: DurableFile, count: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(FileError) -> Result {
    guard count > 0 else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, file.descriptor, 0), start != MAP_FAILED else {
      throw FileError(.read, file.path)
    }
    defer { munmap(start, count) }
    return body(UnsafeRawBufferPointer(start: start, count: count))
  }
}
