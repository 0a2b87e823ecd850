import ConnectorKit
import Records

@testable import Connectors

func fuzzJSONStream(_ input: UnsafeRawBufferPointer) { fuzzReading(input, as: .json) }
func fuzzCSVStream(_ input: UnsafeRawBufferPointer) { fuzzReading(input, as: .csv) }

/// A stream has the same records and the same problem in whatever pieces it arrives; the first byte is their size.
private func fuzzReading(_ input: UnsafeRawBufferPointer, as format: Format) {
  guard let piece = input.first else { return }
  let stream = UnsafeRawBufferPointer(rebasing: input[1...])
  let whole = read(stream, as: format, inPiecesOf: max(stream.count, 1))
  let pieces = read(stream, as: format, inPiecesOf: Int(piece) + 1)
  if whole != pieces { fatalError("the records of a stream depend on its pieces: \(whole) and \(pieces)") }
}

/// What is seen of a stream: its records with their lines and failures, and what ended it.
private func read(_ stream: UnsafeRawBufferPointer, as format: Format, inPiecesOf piece: Int) -> [String] {
  let dialect = CSVDialect()
  let reader = RecordReader(
    PieceInput(stream, piece), name: "fuzz", framer: format.makeFramer(dialect), batchBytes: 1 << 20,
    recordBytesMax: 1 << 20)
  let decoder = format.makeDecoder(dialect)
  var seen: [String] = []
  do throws(ConnectorError) {
    while true {
      let batch = Batch()
      switch try reader.fill(batch) {
      case .end: return seen
      case .nothing: fatalError("a stream that does not grow had nothing")
      case .records: break
      }
      batch.origin.columns = ["a", "b"]
      decoder.decode(batch)
      for index in batch.events.indices { seen.append(describe(index, of: batch)) }
    }
  } catch {
    return seen + ["\(error.code): \(error.message)"]
  }
}

private func describe(_ index: Int, of batch: Batch) -> String {
  let event = batch.events[index]
  let failure = batch.failures.first { $0.event == index }
  // The space between a record and its comma may count to its text.
  var text = Substring(batch.rawText(of: event))
  while text.last?.isWhitespace == true { text.removeLast() }
  return "\(batch.line(of: event).map { "\($0)" } ?? "-") \(text) \(failure?.message ?? "")"
}

private final class PieceInput: ByteInput {
  private var left: UnsafeRawBufferPointer
  private let piece: Int

  init(_ stream: UnsafeRawBufferPointer, _ piece: Int) {
    left = stream
    self.piece = piece
  }

  func read(into room: UnsafeMutableRawBufferPointer) throws(ConnectorError) -> Arrival {
    let count = min(piece, left.count, room.count)
    if count == 0 { return .end }
    room.copyMemory(from: UnsafeRawBufferPointer(rebasing: left[..<count]))
    left = UnsafeRawBufferPointer(rebasing: left[count...])
    return .bytes(count)
  }
}
