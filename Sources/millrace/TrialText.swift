import Records
import Status

/// A record of a dry run for people: the target's fields with their values and types, where each came from, and what the
/// target holds now.
struct TrialText {
  /// The widest columns, in characters; a longer value has the line to itself.
  private static let nameMax = 24
  private static let valueMax = 24

  let width: Int
  let style: Style

  func text(_ record: TrialRecord, number: Int) -> String {
    let table = record.table.map { "\($0)  " } ?? ""
    let head = "\(style.bold("\(number)"))  \(style.dim(record.place))  \(table)"
    if let failure = record.failure { return head + refused(failure, record) + "\n" }
    guard let operation = record.operation else {
      return head + record.outcome + "\n   " + style.dim(shown(record.record, width - 3)) + "\n"
    }
    let changes = Dictionary(record.changes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    // A delete is about its key alone.
    let fields = operation == .upsert ? record.fields : record.fields.filter { $0.value != nil }
    let columns = Columns(fields, value)
    let lines = fields.map { line($0, columns, changes[$0.name]) }
    return ([head + style.good("\(operation)") + effect(record)] + lines).joined(separator: "\n") + "\n"
  }

  /// What the row does to what the target holds.
  private func effect(_ record: TrialRecord) -> String {
    switch (record.held, record.operation) {
    case (nil, _), (_, .truncate?), (_, nil): return ""
    case (.nothing?, .delete?): return ": there is no such row"
    case (.nothing?, _): return style.good(": a new row")
    case (.row?, .delete?): return style.warning(": the row goes")
    case (.row?, _):
      let count = record.changes.count
      return count == 0
        ? ": the row stays as it is" : style.warning(": changes \(Quantity.count(UInt64(count), "field"))")
    }
  }

  private func refused(_ failure: Failure, _ record: TrialRecord) -> String {
    let field = failure.field.map { " field `\($0)`" } ?? ""
    return """
      \(style.error("dead letter")) [\(failure.code)]\(field)
      \(failure.message.oneLine.wrapped(to: width, indent: "   "))
         \(style.dim(shown(record.record, width - 3)))
      """
  }

  private struct Columns {
    var names: Int
    var values: Int
    var types: Int

    init(_ fields: [TrialRecord.Field], _ value: (TrialRecord.Field) -> String) {
      names = min(TrialText.nameMax, fields.map(\.name.count).max() ?? 0)
      values = min(TrialText.valueMax, fields.map { value($0).count }.max() ?? 0)
      types = fields.compactMap { $0.type?.count }.max() ?? 0
    }
  }

  /// `   sku   "4ti2"  string  ← record.package`; where the value was changed, what it was stands behind its place.
  private func line(_ field: TrialRecord.Field, _ columns: Columns, _ change: TrialRecord.Change?) -> String {
    let name = "   \(field.name.cut(to: columns.names).padded(to: columns.names))  "
    let type = (field.type ?? "").padded(to: columns.types)
    let value = value(field).cut(to: width - name.count - type.count - 2)
    let origin = "← \(origin(field))"
    let indent = String(repeating: " ", count: name.count)
    let used = name.count + columns.values + 2 + type.count + 2 + origin.count
    var text: String
    if value.count <= columns.values && used <= width {
      text = name + value.padded(to: columns.values) + "  " + style.dim(type + "  " + origin)
    } else {
      text = name + value.padded(to: columns.values) + "  " + style.dim((field.type ?? "").cut(to: type.count))
      text += "\n" + indent + style.dim(origin.cut(to: width - name.count))
    }
    guard let change else { return text }
    let before = "was \(change.before?.json.oneLine ?? "not there")"
    return text + "\n" + indent + style.warning(before.cut(to: width - name.count))
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
