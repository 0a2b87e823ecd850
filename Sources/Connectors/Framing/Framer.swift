import Records

/// Finds where the records of a format end in a stream of bytes: sequential, and a pure value.
///
/// The caller keeps the open record from its first byte on. Whatever the sizes of the pieces that a stream arrives in,
/// the records are the same.
protocol Framer: Sendable {
  /// Looks at the bytes that have arrived since the last call.
  ///
  /// - Parameters:
  ///   - bytes: begins where the last whole record ended, with the padding of ``ByteBuffer`` behind it. May be changed where a format separates its records by
  ///     something that its decoder does not know.
  ///   - seen: how many of `bytes` earlier calls have looked at.
  /// - Returns: where the last whole record ends; 0 where none does.
  mutating func scan(_ bytes: UnsafeMutableRawBufferPointer, seen: Int) throws(FramingProblem) -> Int

  /// Whether what is left at the end of the stream, maybe nothing, is a record.
  mutating func finish(_ bytes: UnsafeMutableRawBufferPointer) throws(FramingProblem) -> Bool

  /// Looks for the end of a record that is too long to keep.
  ///
  /// - Parameter bytes: all new; what came before them is gone.
  /// - Returns: where the next record may begin; nil where all of `bytes` belong to the long one.
  mutating func skip(_ bytes: UnsafeMutableRawBufferPointer) -> Int?
}

/// A stream that is not built as its format is, so that no further record can be found.
struct FramingProblem: Error, Equatable {
  /// From the begin of the bytes that were given.
  var offset: Int
  var message: String
}
