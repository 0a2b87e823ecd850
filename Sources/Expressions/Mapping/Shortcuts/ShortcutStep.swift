/// A step of an expression of a ``CommonForm``, over one cell. Plain numbers only, so that running it costs no reference
/// counting.
///
/// Where a step cannot tell, the expression is evaluated instead. Tests go on at the step `yes` or `no`.
enum ShortcutStep: BitwiseCopyable {
  case load(slot: Int)
  /// A value that may be missing; where a holder is named, only if that is an object.
  case loadOptional(slot: Int, holder: Int?)
  case constant(Int)
  case change(CommonForm.Change)
  /// What a table of texts has for the cell.
  case look(table: Int)
  /// What a table of texts has for a value, and its `otherwise` for any other that is there.
  case choose(slot: Int, table: Int)
  case compare(Int, yes: Int, no: Int)
  case testPresence(slot: Int, holder: Int, yes: Int, no: Int)
  case testKey(table: Int, yes: Int, no: Int)
  case testValue(yes: Int, no: Int)
  case testMissing(yes: Int, no: Int)
  case testAbsent(yes: Int, no: Int)
  case go(to: Int)

  /// The same step with places for labels.
  func placed(_ places: [Int]) -> ShortcutStep {
    switch self {
    case .load, .loadOptional, .constant, .change, .look, .choose: self
    case .compare(let index, let yes, let no): .compare(index, yes: places[yes], no: places[no])
    case .testPresence(let slot, let holder, let yes, let no):
      .testPresence(slot: slot, holder: holder, yes: places[yes], no: places[no])
    case .testKey(let table, let yes, let no): .testKey(table: table, yes: places[yes], no: places[no])
    case .testValue(let yes, let no): .testValue(yes: places[yes], no: places[no])
    case .testMissing(let yes, let no): .testMissing(yes: places[yes], no: places[no])
    case .testAbsent(let yes, let no): .testAbsent(yes: places[yes], no: places[no])
    case .go(let label): .go(to: places[label])
    }
  }
}

/// Steps under way: they lead to labels, whose places are known when all stand.
struct ShortcutDraft {
  private var steps: [ShortcutStep] = []
  private var places: [Int] = []

  mutating func label() -> Int {
    places.append(0)
    return places.count - 1
  }

  /// The label stands before the next step.
  mutating func place(_ label: Int) { places[label] = steps.count }

  mutating func add(_ step: ShortcutStep) { steps.append(step) }

  /// - Parameter start: the place of the first step among those of all expressions.
  func steps(from start: Int) -> [ShortcutStep] {
    let places = places.map { $0 + start }
    return steps.map { $0.placed(places) }
  }
}
