/// The first row of a CSV file, which names the columns.
public enum CSVHeader {
  /// The most columns, in columns: a key's id has sixteen bits.
  public static let columnsMax = 65_000

  /// Why a header cannot name columns.
  public struct Problem: Error, Sendable, Equatable {
    public var message: String
  }

  /// The names in one row; whitespace around them is no part of them.
  public static func names(_ row: UnsafeRawBufferPointer, _ dialect: CSVDialect) throws(Problem) -> [String] {
    if let place = UTF8Check.firstInvalid(row) {
      throw Problem(message: "byte \(place + 1) of the header is not UTF-8")
    }
    let names = try cells(row, dialect).map { trimmed($0) }
    if let problem = problem(names) { throw problem }
    return names
  }

  /// Whether a file begins with a header of just those columns.
  public static func matches(_ begin: UnsafeRawBufferPointer, _ columns: [String], _ dialect: CSVDialect) -> Bool {
    guard let end = end(in: begin, dialect, isWhole: true) else { return false }
    let mark = begin.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    let names = try? names(UnsafeRawBufferPointer(rebasing: begin[mark..<end]), dialect)
    return names?.elementsEqual(columns) { $0.utf8.elementsEqual($1.utf8) } == true
  }

  /// Where the first row ends, behind its line break; nil where it does not end in these bytes.
  ///
  /// - Parameter isWhole: whether the end of the bytes is the end of the text, and so of the row.
  public static func end(in bytes: UnsafeRawBufferPointer, _ dialect: CSVDialect, isWhole: Bool) -> Int? {
    var text = ByteBuffer(capacity: bytes.count)
    text.append(bytes)
    let mark = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    var scanner = CSVScanner(UnsafePointer(text.base), mark..<max(text.count, mark), delimiter: dialect.delimiter)
    guard text.count > mark else { return nil }
    var cell = scanner.next()
    while !cell.endsRow { cell = scanner.next() }
    let isEnded = cell.problem != .unterminated && text.bytes[scanner.at - 1] == 0x0a
    return isEnded || isWhole ? scanner.at : nil
  }

  /// What is wrong with column names; nil if nothing is.
  public static func problem(_ names: [String]) -> Problem? {
    if names.count > columnsMax { return Problem(message: "there are more than \(columnsMax) columns") }
    if let empty = names.firstIndex(where: \.isEmpty) {
      return Problem(message: "column \(empty + 1) of \(names.count) has no name")
    }
    var seen: [[UInt8]: Int] = [:]
    for (index, name) in names.enumerated() {
      if let first = seen.updateValue(index, forKey: Array(name.utf8)) {
        return Problem(message: "columns \(first + 1) and \(index + 1) are both named \"\(name)\"")
      }
    }
    return nil
  }

  private static func cells(_ row: UnsafeRawBufferPointer, _ dialect: CSVDialect) throws(Problem) -> [String] {
    var text = ByteBuffer(capacity: row.count)
    text.append(row)
    var scanner = CSVScanner(UnsafePointer(text.base), 0..<text.count, delimiter: dialect.delimiter)
    var names: [String] = []
    while true {
      let cell = scanner.next()
      if cell.problem != nil { throw Problem(message: "a quote of the header is not closed before the next comma") }
      let raw = String(decoding: text.bytes[cell.start..<cell.end], as: UTF8.self)
      names.append(
        cell.hasDoubledQuotes
          ? raw.split(separator: "\"\"", omittingEmptySubsequences: false).joined(separator: "\"") : raw)
      if cell.endsRow { return names }
    }
  }

  private static func trimmed(_ name: String) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let front = name.drop(while: isSpace)
    guard let last = front.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(front[...last])
  }
}
