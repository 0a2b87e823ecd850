extension Value {
  /// Whether both say the same: numbers by their value, the members of objects in any order.
  public func means(_ other: Value) -> Bool {
    switch (self, other) {
    case (.int, .int), (.int, .number), (.number, .int), (.number, .number):
      guard let mine = Decimal(json), let theirs = Decimal(other.json) else { return self == other }
      return mine == theirs
    case (.array(let mine), .array(let theirs)):
      return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.means($1) }
    case (.object(let mine), .object(let theirs)):
      return mine.count == theirs.count
        && mine.allSatisfy { member in other[member.name].map { member.value.means($0) } ?? false }
    default: return self == other
    }
  }
}
