/// A property between the braces of `\p{…}`, as far as RE2 knows it: general categories and scripts.
enum UnicodeProperty: Equatable {
  /// By RE2's name.
  case re2(String)
  case ranges(CharacterSets.Ranges)

  /// nil where it is not known.
  init?(_ text: String) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    switch (parts.first, parts.count) {
    case ("General_Category"?, 2), ("gc"?, 2):
      guard let short = Self.category(parts[1]) else { return nil }
      self = .re2(short)
    case ("Script"?, 2), ("sc"?, 2), ("Script_Extensions"?, 2), ("scx"?, 2):
      guard !parts[1].isEmpty else { return nil }
      self = .re2(parts[1])
    case (_, 1): self.init(alone: text)
    default: return nil
    }
  }

  private init?(alone name: String) {
    switch name {
    case "Any": self = .ranges([0...0x10ffff])
    case "ASCII": self = .ranges([0...0x7f])
    case "ASCII_Hex_Digit", "AHex": self = .ranges([0x30...0x39, 0x41...0x46, 0x61...0x66])
    default:
      guard let short = Self.category(name) else { return nil }
      self = .re2(short)
    }
  }

  private static func category(_ name: String) -> String? {
    categories.values.contains(name) ? name : categories[name]
  }

  /// The long names of the general categories, from PropertyValueAliases of the Unicode Character Database.
  private static let categories = [
    "Other": "C", "Control": "Cc", "cntrl": "Cc", "Format": "Cf", "Private_Use": "Co", "Surrogate": "Cs",
    "Letter": "L", "Lowercase_Letter": "Ll", "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Titlecase_Letter": "Lt",
    "Uppercase_Letter": "Lu", "Mark": "M", "Combining_Mark": "M", "Spacing_Mark": "Mc", "Enclosing_Mark": "Me",
    "Nonspacing_Mark": "Mn", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd", "Letter_Number": "Nl",
    "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd",
    "Close_Punctuation": "Pe", "Final_Punctuation": "Pf", "Initial_Punctuation": "Pi", "Other_Punctuation": "Po",
    "Open_Punctuation": "Ps", "Symbol": "S", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Math_Symbol": "Sm",
    "Other_Symbol": "So", "Separator": "Z", "Line_Separator": "Zl", "Paragraph_Separator": "Zp",
    "Space_Separator": "Zs",
  ]
}
