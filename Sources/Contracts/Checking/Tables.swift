import Records

/// A contract's tables in memory that is read without reference counting.
struct Tables: ~Copyable {
  static let noInteger = Int64.min

  let shapes: RawArray<Shape>
  let rules: RawArray<Rule>
  let lists: RawArray<Int32>
  let ranges: RawArray<ListRange>
  let memberPlans: RawArray<MemberPlan>
  let slots: RawArray<MemberPlan.Slot>
  let namePatterns: RawArray<MemberPlan.NamePattern>
  let elementPlans: RawArray<ElementPlan>
  let containsPlans: RawArray<ContainsPlan>
  let dynamicReferences: RawArray<DynamicReference>
  let dynamicAnchors: RawArray<DynamicAnchor>
  let counts: RawArray<Int>
  let divisors: RawArray<Divisor>
  let formats: RawArray<Format>
  /// Views of `numberTexts`, which never grows again.
  private(set) var numbers = RawArray<NumberView>()
  /// The numbers that are integers of 64 bits, for quick comparisons; ``noInteger`` for others.
  private(set) var integers = RawArray<Int64>()
  private var numberTexts = ByteBuffer()

  init(_ code: ContractCode) {
    shapes = RawArray(copying: code.shapes)
    rules = RawArray(copying: code.rules)
    lists = RawArray(copying: code.lists)
    ranges = RawArray(copying: code.ranges)
    memberPlans = RawArray(copying: code.memberPlans)
    slots = RawArray(copying: code.slots)
    namePatterns = RawArray(copying: code.namePatterns)
    elementPlans = RawArray(copying: code.elementPlans)
    containsPlans = RawArray(copying: code.containsPlans)
    dynamicReferences = RawArray(copying: code.dynamicReferences)
    dynamicAnchors = RawArray(copying: code.dynamicAnchors)
    counts = RawArray(copying: code.counts)
    divisors = RawArray(copying: code.divisors)
    formats = RawArray(copying: code.formats)
    addNumbers(code.numbers)
  }

  private mutating func addNumbers(_ texts: [String]) {
    for text in texts { numberTexts.append(text) }
    var start = 0
    for text in texts {
      let bytes = UnsafeRawBufferPointer(start: numberTexts.base + start, count: text.utf8.count)
      start += text.utf8.count
      // The compiler took them from JSON numbers, so each is one.
      if let number = NumberView(bytes) { numbers.append(number) }
      integers.append(Int64(text) ?? Self.noInteger)
    }
  }
}

extension RawArray {
  fileprivate init(copying elements: [Element]) {
    self.init(capacity: elements.count)
    for element in elements { append(element) }
  }
}
