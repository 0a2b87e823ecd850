/// A chain of fields that starts at a variable: `record.brand.name`.
package struct FieldPath: Sendable, Equatable {
  /// The index of the variable in its ``Environment``.
  package let variable: Int
  package let fields: [String]

  /// nil where the expression is anything else.
  init?(_ expr: Expr) {
    guard case .select(let operand, let field, let selection) = expr.kind else { return nil }
    if case .optional = selection { return nil }
    switch operand.kind {
    case .variable(let index): (variable, fields) = (index, [field])
    case .select(_, _, .value):
      guard let before = FieldPath(operand) else { return nil }
      (variable, fields) = (before.variable, before.fields + [field])
    default: return nil
    }
  }

  package static func == (a: FieldPath, b: FieldPath) -> Bool {
    a.variable == b.variable && a.fields.map { CodePoints($0) } == b.fields.map { CodePoints($0) }
  }
}
