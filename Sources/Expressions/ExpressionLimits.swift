/// The bounds that keep an expression, and whoever wrote it, from exhausting the machine.
package enum ExpressionLimits {
  /// The most code points an expression may have.
  package static let sourceLength = 100_000
  /// The deepest nesting of parentheses, calls, lists and maps.
  package static let nesting = 250
  /// The longest chain of operators, selections and calls without parentheses.
  package static let chain = 1_000
  /// The most work one evaluation may do, in steps: an iteration, a call, 64 bytes of text looked at.
  package static let cost = 1_000_000
  /// The most bytes a text that an expression makes may have.
  package static let textBytes = 16 << 20
  /// The most values a list or map that an expression makes may hold, counted through to the leaves.
  package static let values = 1_000_000
  /// The most memory a compiled regular expression may take, in bytes.
  package static let patternBytes = 1 << 20
  /// The most digits behind the point that `format` writes.
  package static let precision = 1_000
}
