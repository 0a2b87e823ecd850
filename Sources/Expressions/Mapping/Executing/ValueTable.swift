import Records

/// `values:` of a mapping: text, number, boolean or null → the index of a constant. Belongs to one lane.
final class ValueTable {
  /// What the table is made of, the same for every lane.
  struct Spec: Sendable {
    var keys: [Value]
    /// Indices of constants, one a key.
    var results: [Int]
    /// The constant for a value that is no key.
    var otherwise: Int?
  }

  /// Up to how many texts are compared one after the other; beyond, a dictionary is asked.
  private static let scannedMax = 8

  private struct Entry: BitwiseCopyable {
    var offset: Int
    var length: Int
    var result: Int
  }

  private let texts: ByteBuffer
  private let entries: RawArray<Entry>
  private let byText: [[UInt8]: Int]
  private let byNumber: [Decimal: Int]
  private let forTrue: Int?
  private let forFalse: Int?
  private let forNull: Int?
  let otherwise: Int?

  init(_ spec: Spec) {
    var texts = ByteBuffer()
    var entries = RawArray<Entry>()
    var byText: [[UInt8]: Int] = [:]
    var byNumber: [Decimal: Int] = [:]
    var words: [Bool?: Int] = [:]
    for (key, result) in zip(spec.keys, spec.results) {
      switch key {
      case .string(let text):
        entries.append(Entry(offset: texts.count, length: text.utf8.count, result: result))
        texts.append(text)
        byText[Array(text.utf8)] = result
      case .int(let number): byNumber[Decimal(Int128(number))] = result
      case .number(let text): if let number = Decimal(text) { byNumber[number] = result }
      case .bool(let flag): words[.some(flag)] = result
      case .null: words[.none] = result
      case .bytes, .array, .object: break
      }
    }
    self.texts = texts
    self.entries = entries
    self.byText = byText
    self.byNumber = byNumber
    forTrue = words[.some(true)]
    forFalse = words[.some(false)]
    forNull = words[.none]
    otherwise = spec.otherwise
  }

  func result(text: UnsafeRawBufferPointer) -> Int? {
    if entries.count > Self.scannedMax { return byText[Array(text)] }
    for index in 0..<entries.count {
      let entry = entries.base[index]
      let key = UnsafeRawBufferPointer(start: texts.base + entry.offset, count: entry.length)
      if CellText.same(key, text) { return entry.result }
    }
    return nil
  }

  func result(number: Decimal?) -> Int? {
    byNumber.isEmpty ? nil : number.flatMap { byNumber[$0] }
  }

  func result(word kind: Node.Kind) -> Int? {
    switch kind {
    case .true: forTrue
    case .false: forFalse
    case .null: forNull
    default: nil
    }
  }
}
