/// The tables of a compiled contract; numbers in rules and plans are places in them.
struct ContractCode: Sendable {
  var shapes: [Shape] = []
  var rules: [Rule] = []
  var lists: [Int32] = []
  var ranges: [ListRange] = []
  var memberPlans: [MemberPlan] = []
  var slots: [MemberPlan.Slot] = []
  var namePatterns: [MemberPlan.NamePattern] = []
  var elementPlans: [ElementPlan] = []
  var containsPlans: [ContainsPlan] = []
  var dynamicReferences: [DynamicReference] = []
  var dynamicAnchors: [DynamicAnchor] = []

  /// Every name that a schema mentions, as UTF-8.
  var names = InternedBytes()
  /// Every constant, in its canonical form.
  var constants = InternedBytes()
  /// The constants as JSON, for messages.
  var constantTexts: [String] = []
  /// Numbers as they were written.
  var numbers: [String] = []
  var divisors: [Divisor] = []
  var counts: [Int] = []
  var patterns: [LinearPattern] = []
  /// The patterns as they were written.
  var patternTexts: [String] = []
  var formats: [Format] = []
  /// Where each schema stands: `#/properties/price`.
  var places: [String] = []
  /// The schema that a value is checked against.
  var root = 0
}

/// Byte strings that each got a number.
struct InternedBytes: Sendable {
  private(set) var all: [[UInt8]] = []
  private var numbers: [[UInt8]: Int] = [:]

  mutating func number(of bytes: [UInt8]) -> Int {
    if let known = numbers[bytes] { return known }
    numbers[bytes] = all.count
    all.append(bytes)
    return all.count - 1
  }
}
