@_spi(_Unicode) import Swift

/// Unicode's normal forms, from the tables of the standard library.
enum Normalization {
  static func composed(_ text: String) -> String {
    String(String.UnicodeScalarView(text._nfc))
  }

  static func decomposed(_ text: String) -> String {
    String(String.UnicodeScalarView(text._nfd))
  }
}
