/// What the stable codes of errors mean. Each module lists the codes that it raises; the program joins the lists.
package struct CodeBook: Sendable {
  package struct Entry: Sendable, Equatable {
    /// `config.unknown_key`
    package var code: String
    /// A few words, as a headline.
    package var title: String
    /// What happened and why it is an error.
    package var meaning: String
    /// What to do about it.
    package var remedy: String

    package init(_ code: String, _ title: String, _ meaning: String, remedy: String) {
      self.code = code
      self.title = title
      self.meaning = meaning
      self.remedy = remedy
    }
  }

  /// In the order of the codes.
  package let entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries.sorted { $0.code < $1.code } }

  package static func + (a: CodeBook, b: CodeBook) -> CodeBook { CodeBook(a.entries + b.entries) }

  package subscript(code: String) -> Entry? { entries.first { $0.code == code } }
}
