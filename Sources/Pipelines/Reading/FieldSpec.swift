import ConnectorKit
import Expressions
import Records

/// How one target field is made: an expression, or a mapping object.
package struct FieldSpec: SettingGroup {
  package init() {}
  package static let short: String? = "from"

  @Setting("Where the value comes from: a field of the event, or an expression over it.", example: "record.price")
  package var from: ExpressionSpec?
  @Setting("A value that is always the same.", example: "main") package var const: Value?
  @Setting("Value of the source to value of the target.", example: "{draft: hidden, published: active}")
  package var values: ValueTable?
  @Setting("Stands in for a value that `values` does not name; without it such a record fails.")
  package var otherwise: Value?
  @Setting("Converts from one unit to another.", example: "kg -> g") package var unit: UnitSpec?
  @Setting("The type that the value is cast to; a cast that would lose something fails.")
  package var `as`: CastSpec?
  @Setting("Removes white space from both ends of a text.") package var trim: Bool = false
  @Setting("The most characters (code points) a text may have; a longer one fails.", range: 1...Int.max)
  package var maxLength: Int?
  @Setting("Cuts a text at `max_length` instead.") package var truncate: Bool = false
  @Setting("Stands in for a value that is missing or null.") package var `default`: Value?
  @Setting("Whether a record fails whose value is missing or null.") package var required: Bool = false
  @Setting("What happens when one of these steps fails.") package var onError: OnErrorSpec = .deadLetter
}

package enum OnErrorSpec: String, SettingChoice {
  case deadLetter = "dead_letter"
  case null
  case `default`
}

package enum CastSpec: String, SettingChoice {
  case string, int, double, decimal, bool, date, timestamp
  case epochSeconds = "epoch_s"
  case epochMilliseconds = "epoch_ms"
  case uuid, json, bytes
}

package struct UnitSpec: SettingValue, Equatable {
  package var conversion: UnitConversion

  package static var shape: SettingShape { .text("a conversion such as kg -> g") }
  package var written: Value { .string(conversion.text) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> UnitSpec? {
    guard let scalar = node.scalar, case .text = node.core else { return loader.mismatch(node, expected: shape.noun) }
    do throws(UnitProblem) { return UnitSpec(conversion: try UnitConversion(parsing: scalar.text)) } catch {
      loader.error(error.code, node, error.message, hint: error.hint)
      return nil
    }
  }
}

/// `values`: the keys are values too, a plain `1` or `true` no text.
package struct ValueTable: SettingValue {
  package var pairs: [FieldMapping.Pair]

  package static var shape: SettingShape { .map(.anything) }
  package var written: Value { .object(pairs.map { Value.Member(Self.name($0.from), $0.to) }) }
  /// Unlike `written`, tells the text `1` from the number.
  package var identity: Value? { .array(pairs.map { .array([$0.from, $0.to]) }) }

  private static func name(_ value: Value) -> String {
    if case .string(let text) = value { return text }
    return value.json
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> ValueTable? {
    guard let entries = node.map else {
      return loader.mismatch(node, expected: "a mapping from source value to target value")
    }
    guard !entries.isEmpty else {
      loader.error("config.empty", node, "names no value", hint: "remove it, or write {FROM: TO}")
      return nil
    }
    let pairs = entries.map { entry -> FieldMapping.Pair? in
      let from = Value.read(entry.keyNode, &loader)
      guard !loader.isReported(entry.value), let to = Value.read(entry.value, &loader), let from else { return nil }
      return FieldMapping.Pair(from, to)
    }
    guard !pairs.contains(where: { $0 == nil }) else { return nil }
    let table = ValueTable(pairs: pairs.compactMap { $0 })
    table.warnOfMixedKeys(node, &loader)
    return table
  }

  private func warnOfMixedKeys(_ node: ConfigNode, _ loader: inout SettingLoader) {
    let texts = pairs.filter { $0.from.string != nil }
    guard let odd = pairs.first(where: { $0.from.string == nil && !$0.from.isNull }), let text = texts.first else {
      return
    }
    loader.warning(
      "config.mixed_keys", node, "`\(Self.name(odd.from))` is no text, `\(Self.name(text.from))` is one",
      hint: "a record's value is compared with its kind: put keys in quotes that stand for texts")
  }
}
