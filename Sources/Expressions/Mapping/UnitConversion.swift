/// `kg -> g`: from one unit to another of the same dimension, exact.
package struct UnitConversion: Sendable, Equatable {
  /// As written, for messages.
  package var text: String
  /// value × numerator / denominator + offset… of the conversion; exact where it can be written in decimals.
  package var numerator: Int64
  package var denominator: Int64

  package init(text: String, numerator: Int64, denominator: Int64) {
    self.text = text
    self.numerator = numerator
    self.denominator = denominator
  }
}
