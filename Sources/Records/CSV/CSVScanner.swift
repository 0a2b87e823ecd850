import CScan
import Glibc

/// Walks over the cells of CSV text. Rows end with a line feed, with or without a carriage return before it.
///
/// A quote opens a quoted cell only as the cell's first byte; anywhere else outside of quotes it is text.
struct CSVScanner {
  enum Problem: Equatable {
    /// A quote is open at the end of the text.
    case unterminated
    /// Something stands between a closing quote and the next delimiter.
    case textBehindQuote
  }

  /// One cell: where its text stands, without its quotes.
  struct Cell {
    var start: Int
    var end: Int
    var isQuoted = false
    /// Its text has quotes that stand twice for once.
    var hasDoubledQuotes = false
    var endsRow = false
    var problem: Problem?
  }

  /// Must have the padding of ``ByteBuffer`` behind `end`.
  private(set) var base: UnsafePointer<UInt8>
  let end: Int
  let delimiter: UInt8
  private(set) var at: Int

  init(_ base: UnsafePointer<UInt8>, _ range: Range<Int>, delimiter: UInt8) {
    self.base = base
    self.delimiter = delimiter
    at = range.lowerBound
    end = range.upperBound
  }

  /// The same text stands elsewhere now.
  mutating func move(to base: UnsafePointer<UInt8>) { self.base = base }

  /// The next cell; moves behind the delimiter or line feed that ends it.
  @inline(__always)
  mutating func next() -> Cell {
    if at < end, base[at] == CSVDialect.quote { return quoted() }
    let start = at
    let stop = cellEnd(from: at)
    return finish(Cell(start: start, end: stop), at: stop)
  }

  @inline(__always)
  private func cellEnd(from start: Int) -> Int {
    guard let hit = scan_either(base + start, base + end, delimiter, 0x0a) else { return end }
    return hit - base
  }

  private mutating func quoted() -> Cell {
    var cell = Cell(start: at + 1, end: end, isQuoted: true)
    var place = at + 1
    while true {
      guard let hit = memchr(base + place, Int32(CSVDialect.quote), end - place) else {
        cell.problem = .unterminated
        return finish(cell, at: end)
      }
      let quote = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self)) - base
      if quote + 1 < end, base[quote + 1] == CSVDialect.quote {
        cell.hasDoubledQuotes = true
        place = quote + 2
        continue
      }
      cell.end = quote
      return closed(cell, quote + 1)
    }
  }

  /// Looks at what stands behind a closing quote.
  private mutating func closed(_ cell: Cell, _ behind: Int) -> Cell {
    let stop = cellEnd(from: behind)
    let isReturn = stop == behind + 1 && base[behind] == 0x0d && (stop == end || base[stop] == 0x0a)
    var cell = cell
    if stop > behind && !isReturn { cell.problem = .textBehindQuote }
    return finish(cell, at: stop)
  }

  @inline(__always)
  private mutating func finish(_ cell: Cell, at stop: Int) -> Cell {
    var cell = cell
    cell.endsRow = stop == end || base[stop] != delimiter
    if cell.endsRow, !cell.isQuoted, cell.end > cell.start, base[cell.end - 1] == 0x0d { cell.end -= 1 }
    at = min(stop + 1, end)
    return cell
  }
}
