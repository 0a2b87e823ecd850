import Records
import Status

/// A record of a dry run for people: the target's fields with their values, and where each came from.
struct TrialText {
  /// The widest columns, in characters; a longer value has the line to itself.
  private static let nameMax = 24
  private static let valueMax = 24

  let width: Int
  let style: Style

  func text(_ record: TrialRecord, number: Int) -> String {
    let head = "\(style.bold("\(number)"))  \(style.dim(record.place))  "
    if let failure = record.failure { return head + refused(failure, record) + "\n" }
    guard let operation = record.operation else {
      return head + "filtered\n   " + style.dim(shown(record.record, width - 3)) + "\n"
    }
    let names = min(Self.nameMax, record.fields.map(\.name.count).max() ?? 0)
    let values = min(Self.valueMax, record.fields.map { value($0).count }.max() ?? 0)
    let lines = record.fields.map { line($0, names, values) }
    return ([head + style.good("\(operation)")] + lines).joined(separator: "\n") + "\n"
  }

  private func refused(_ failure: Failure, _ record: TrialRecord) -> String {
    let field = failure.field.map { " field `\($0)`" } ?? ""
    return """
      \(style.error("dead letter")) [\(failure.code)]\(field)
      \(failure.message.oneLine.wrapped(to: width, indent: "   "))
         \(style.dim(shown(record.record, width - 3)))
      """
  }

  /// `   sku       "4ti2"    ← record.package`; where the value was changed, what it was stands behind its place.
  private func line(_ field: TrialRecord.Field, _ names: Int, _ values: Int) -> String {
    let name = "   \(field.name.cut(to: names).padded(to: names))  "
    let value = value(field).cut(to: width - name.count)
    let origin = "← \(origin(field))"
    let isOneLine = value.count <= values && name.count + values + 2 + origin.count <= width
    if isOneLine { return name + value.padded(to: values) + "  " + style.dim(origin) }
    return name + value + "\n" + String(repeating: " ", count: name.count)
      + style.dim(origin.cut(to: width - name.count))
  }

  private func value(_ field: TrialRecord.Field) -> String {
    field.value.map { $0.json.oneLine } ?? "(left out)"
  }

  private func origin(_ field: TrialRecord.Field) -> String {
    guard let path = field.path else { return "constant" }
    if field.isComputed { return path.oneLine }
    if field.original == field.value { return path }
    return "\(path) \(field.original?.json.oneLine ?? "(missing)")"
  }

  private func shown(_ value: Value, _ room: Int) -> String { value.json.oneLine.cut(to: room) }

  private typealias Failure = Records.Failure
}
