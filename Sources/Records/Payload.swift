/// Turns rows into a target's form, on the lanes that do the computing. Belongs to one lane.
public protocol Encoder: AnyObject {
  /// Appends the row of that index to the payload's bytes. A row that cannot be written in this form is refused, and
  /// nothing of it stands in the payload.
  func encode(row: Int, of batch: Batch, into payload: Payload) throws(Refusal)
}

/// Why a row has no form in a target.
public struct Refusal: Error, Sendable, Equatable {
  public var code: String
  public var field: String?
  public var message: String

  public init(code: String, field: String? = nil, message: String) {
    self.code = code
    self.field = field
    self.message = message
  }
}

/// Encoded rows of one batch for one lane of a target.
///
/// `@unchecked Sendable`: belongs to one lane at a time, like the ``Batch`` that it was made of.
public final class Payload: @unchecked Sendable {
  public var bytes: ByteBuffer
  /// For each row, where its bytes end and which event of the batch it came from.
  public var rows: RawArray<Entry>

  public struct Entry: BitwiseCopyable, Sendable {
    public var end: UInt64
    public var event: UInt32
    /// Which of the target's streams it belongs to; 0 where there is one.
    public var stream: UInt16
    /// What the encoder tells its target about the row; 0 where there is nothing to tell.
    public var tag: UInt16
    public init(end: UInt64, event: UInt32, stream: UInt16 = 0, tag: UInt16 = 0) {
      self.end = end
      self.event = event
      self.stream = stream
      self.tag = tag
    }
  }

  public init() {
    bytes = ByteBuffer()
    rows = RawArray()
  }

  /// Some of another one's rows, in the order of their indices.
  public convenience init(rows indices: [Int], of other: Payload) {
    self.init()
    for index in indices {
      var row = other.rows[index]
      let start = index == 0 ? 0 : Int(other.rows[index - 1].end)
      bytes.append(UnsafeRawBufferPointer(rebasing: other.bytes.bytes[start..<Int(row.end)]))
      row.end = UInt64(bytes.count)
      rows.append(row)
    }
  }

  /// Takes out the rows for whose event it holds, and moves the others together.
  public func removeRows(where isOut: (UInt32) -> Bool) {
    var (kept, end, start) = (0, 0, 0)
    for index in 0..<rows.count {
      var row = rows[index]
      let length = Int(row.end) - start
      defer { start += length }
      if isOut(row.event) { continue }
      if end != start { bytes.move(start..<start + length, to: end) }
      end += length
      row.end = UInt64(end)
      rows[kept] = row
      kept += 1
    }
    rows.setCount(kept)
    bytes.truncate(to: end)
  }

  public func reset() {
    bytes.shrink(to: 4 << 20)
    rows.shrink(to: 1 << 16)
  }
}
