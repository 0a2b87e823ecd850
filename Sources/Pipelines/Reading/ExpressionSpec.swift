import ConnectorKit
import Expressions
import Records

/// A value that is computed of an event.
package struct ExpressionSpec: SettingValue, Equatable {
  package var expression: EventExpression
  /// Where it stands, for checks that come once more is known of the event.
  var node: ConfigNode

  package static var shape: SettingShape { .text("an expression such as record.id") }
  package var written: Value { .string(expression.path?.description ?? expression.text) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> ExpressionSpec? {
    let isConstant =
      switch node.core {
      case .bool, .int, .number: true
      default: false
      }
    if isConstant { return loader.mismatch(node, expected: shape.noun, hint: "for a constant write {const: ...}") }
    return loader.expression(node, noun: shape.noun).map { ExpressionSpec(expression: $0, node: node) }
  }
}

/// A value that a transform sets: an expression, of which a plain number, true and false are the simplest.
package struct SetValueSpec: SettingValue, Equatable {
  package var expression: EventExpression
  var node: ConfigNode

  package static var shape: SettingShape { .text("an expression such as record.id") }
  package var written: Value { .string(expression.text) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> SetValueSpec? {
    var node = node
    switch node.core {
    case .bool, .int, .number: node.content = .scalar(ConfigScalar(node.scalar?.text ?? "", style: .quoted))
    default: break
    }
    let value = node
    return loader.expression(node, noun: shape.noun).map { SetValueSpec(expression: $0, node: value) }
  }
}

/// An expression that holds for an event or does not.
package struct ConditionSpec: SettingValue, Equatable {
  package var expression: EventExpression
  var node: ConfigNode

  package static var shape: SettingShape { .text("a condition such as record.kind == 'physical'") }
  package var written: Value { .string(expression.text) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> ConditionSpec? {
    guard let expression = loader.expression(node, noun: shape.noun, giving: .bool) else { return nil }
    if case .bool(let always) = expression.expression.constant {
      loader.warning(
        "expression.constant_condition", node, "this is \(always) for every event",
        hint: "it names no field of the event: write record.FIELD where one is meant")
    }
    return ConditionSpec(expression: expression, node: node)
  }
}

/// A field of the event, by its name and no more.
package struct PathSpec: SettingValue, Equatable {
  package var path: Path

  package static var shape: SettingShape { .text("a path such as record.id") }
  package var written: Value { .string(path.description) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> PathSpec? {
    guard let expression = loader.expression(node, noun: shape.noun) else { return nil }
    guard let path = expression.path else {
      loader.error(
        "config.not_a_path", node, "`\(expression.text)` is no path",
        hint: "name a field: record.id, record.tags[0], record[\"odd name\"]")
      return nil
    }
    return PathSpec(path: path)
  }
}

extension SettingLoader {
  /// The expression that a scalar holds; each problem is reported at the character that it points to.
  mutating func expression(
    _ node: ConfigNode, noun: String, in scope: EventScope = EventScope(), giving result: CELType? = nil
  ) -> EventExpression? {
    guard let scalar = node.scalar, case .text = node.core else { return mismatch(node, expected: noun) }
    do throws(CompileProblems) {
      let expression = try EventExpression(scalar.text, in: scope, giving: result)
      for problem in expression.warnings { report(.warning, problem, in: node) }
      return expression
    } catch {
      for problem in error.problems { report(.error, problem, in: node) }
      return nil
    }
  }

  private mutating func report(_ severity: Diagnostic.Severity, _ problem: CompileProblem, in node: ConfigNode) {
    let before = (node.scalar?.text ?? "").utf8.prefix(problem.offset).count { $0 & 0xc0 != 0x80 }
    add(severity, problem.code.rawValue, node.place(at: before), node.path, problem.message, problem.hint)
  }
}
