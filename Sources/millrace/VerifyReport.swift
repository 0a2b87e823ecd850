import Pipelines
import Records
import Status
import Verification

/// What a comparison came to, for people and for machines.
struct VerifyReport {
  let pipeline: String
  private let shownMax: Int
  private(set) var streams: [VerifiedStream] = []
  private(set) var filtered: UInt64 = 0
  private(set) var refused: UInt64 = 0
  /// The first differences, with the number of their stream.
  private(set) var shown: [(stream: Int, difference: Difference)] = []
  var repaired = Repairs.Outcome()
  var seconds = 0.0

  init(pipeline: String, shownMax: Int) {
    self.pipeline = pipeline
    self.shownMax = shownMax
  }

  mutating func show(_ differences: [Difference], of stream: Int) {
    shown += differences.prefix(max(0, shownMax - shown.count)).map { (stream, $0) }
  }

  mutating func take(_ verification: Verification) {
    streams = verification.streams
    (filtered, refused) = (verification.filtered, verification.refused)
  }

  var differences: UInt64 { streams.reduce(0) { $0 + $1.differences } }
  var undecided: UInt64 { streams.reduce(0) { $0 + $1.undecided } }

  /// Whether both sides are the same now, as far as is known.
  var isEqual: Bool {
    let isMended = repaired.done > 0 && repaired.kept == 0 && repaired.refused == 0
    return undecided == 0 && (differences == 0 || isMended)
  }

  var json: Value {
    [
      "pipeline": .string(pipeline), "equal": .bool(isEqual), "differences": .int(Int64(clamping: differences)),
      "undecided": .int(Int64(clamping: undecided)), "repaired": .int(Int64(clamping: repaired.done)),
      "kept": .int(Int64(clamping: repaired.kept)), "not_repaired": .int(Int64(clamping: repaired.refused)),
      "filtered": .int(Int64(clamping: filtered)), "refused": .int(Int64(clamping: refused)),
      "streams": .array(streams.map(\.json)), "shown": .array(shown.map { $0.difference.json(streams[$0.stream]) }),
      "seconds": .number(Quantity.decimal(seconds, digits: 3)),
    ]
  }
}

extension VerifiedStream {
  /// As people name it; nil where the source has no tables.
  var name: String? { route.table?.fullName }

  fileprivate var json: Value {
    [
      "table": name.map { .string($0) } ?? .null, "source_rows": .int(Int64(clamping: sourceRows)),
      "target_rows": .int(Int64(clamping: targetRows)), "missing": .int(Int64(clamping: missing)),
      "extra": .int(Int64(clamping: extra)), "different": .int(Int64(clamping: different)),
      "settled": .int(Int64(clamping: settled)), "undecided": .int(Int64(clamping: undecided)),
      "listed": .bool(isListed),
    ]
  }
}

extension Difference {
  fileprivate func json(_ stream: VerifiedStream) -> Value {
    [
      "kind": .string(kind.rawValue), "table": stream.name.map { .string($0) } ?? .null, "key": .object(key),
      "count": .int(Int64(count)),
      "fields": .object(
        fields.map { .init($0.name, ["source": $0.source ?? .null, "target": $0.target ?? .null]) }),
    ]
  }
}

/// The same as text.
struct VerifyText {
  let style: Style
  let width: Int

  func text(_ report: VerifyReport) -> String {
    var lines = report.streams.flatMap { counts($0, report) }
    lines += report.shown.map { line($0.difference, report.streams[$0.stream], isOne: report.streams.count == 1) }
    if UInt64(report.shown.count) < report.differences, !report.shown.isEmpty {
      lines.append(style.dim("   and \(Quantity.count(report.differences - UInt64(report.shown.count))) more"))
    }
    lines += left(report) + repairs(report)
    lines.append(conclusion(report))
    return lines.joined(separator: "\n")
  }

  private func counts(_ stream: VerifiedStream, _ report: VerifyReport) -> [String] {
    let name = stream.name ?? report.pipeline
    let rows = "\(Quantity.count(stream.sourceRows)) in the source, \(Quantity.count(stream.targetRows)) in the target"
    let kinds = [(stream.missing, "missing"), (stream.extra, "too many"), (stream.different, "different")]
      .filter { $0.0 > 0 }.map { "\(Quantity.count($0.0)) \($0.1)" }
    // Rows that arrived meanwhile are in one count and not in the other.
    let late = stream.settled > 0 ? " at first, \(Quantity.count(stream.settled, "row")) caught up" : ""
    let rest = stream.undecided > 0 ? "no differences so far" : style.good("the same")
    let verdict = kinds.isEmpty ? rest : style.warning(kinds.joined(separator: ", "))
    return ["\(style.bold(name))  \(rows)\(late): \(verdict)"]
  }

  /// `   different  {"id":5}  price 12.50 in the source, 12.00 in the target`
  private func line(_ difference: Difference, _ stream: VerifiedStream, isOne: Bool) -> String {
    let kind =
      switch difference.kind {
      case .missing: "missing"
      case .extra: "too many"
      case .different: "different"
      }
    let table = isOne ? "" : "\(stream.name ?? "")  "
    let key = difference.key.isEmpty ? "a row without a key" : Value.object(difference.key).json
    let times = difference.count > 1 ? ", \(difference.count) times" : ""
    let fields = difference.fields.map { field in
      "\n              \(field.name): \(shown(field.source)) in the source, \(shown(field.target)) in the target"
    }
    return "   \(style.warning(kind.padded(to: 9)))  \(table)\(key)\(times)"
      + fields.joined().replacing("\t", with: " ")
  }

  /// The longest value that is shown whole, in characters.
  private static let valueMax = 60

  private func shown(_ value: Value?) -> String { (value?.json ?? "nothing").oneLine.cut(to: Self.valueMax) }

  /// What was not compared, and why.
  private func left(_ report: VerifyReport) -> [String] {
    var lines: [String] = []
    if report.filtered > 0 { lines.append("\(Quantity.count(report.filtered, "record")) of the source filtered") }
    if report.refused > 0 {
      lines.append("\(Quantity.count(report.refused, "record")) of the source refused: `millrace dry-run` shows why")
    }
    if report.streams.contains(where: { !$0.isListed }) {
      lines.append("the target lists no rows: those that the source does not have were not looked for")
    }
    if report.undecided > 0 {
      lines.append(
        "\(Quantity.count(report.undecided, "row")) went on changing: run it again, or with a longer --settle")
    }
    return lines
  }

  private func repairs(_ report: VerifyReport) -> [String] {
    let outcome = report.repaired
    var lines: [String] = []
    if outcome.done > 0 { lines.append(style.good("\(Quantity.count(outcome.done, "row")) repaired")) }
    if outcome.kept > 0 {
      lines.append("\(Quantity.count(outcome.kept, "row")) left alone: newer in the target, or deletes are ignored")
    }
    if outcome.refused > 0 {
      lines.append(
        style.error("\(Quantity.count(outcome.refused, "row")) not repaired") + ": "
          + outcome.reasons.joined(separator: "; "))
    }
    return lines
  }

  private func conclusion(_ report: VerifyReport) -> String {
    let time = Quantity.duration(.milliseconds(Int64(report.seconds * 1_000)))
    if report.isEqual {
      return "\(report.pipeline): " + style.good("source and target agree") + " (\(time))"
    }
    let isOpen = report.differences == 0
    return "\(report.pipeline): " + style.error(isOpen ? "not decided" : "source and target differ") + " (\(time))"
  }
}
