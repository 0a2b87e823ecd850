/// What the stable codes of errors mean. Each module lists the codes that it raises; the program joins the lists.
public struct CodeBook: Sendable {
  public struct Entry: Sendable, Equatable {
    /// `config.unknown_key`
    public var code: String
    /// A few words, as a headline.
    public var title: String
    /// What happened and why it is an error.
    public var meaning: String
    /// What to do about it.
    public var remedy: String

    public init(_ code: String, _ title: String, _ meaning: String, remedy: String) {
      self.code = code
      self.title = title
      self.meaning = meaning
      self.remedy = remedy
    }
  }

  /// In the order of the codes.
  public let entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.code < $1.code } }

  public static func + (a: CodeBook, b: CodeBook) -> CodeBook { CodeBook(a.entries + b.entries) }

  public subscript(code: String) -> Entry? { entries.first { $0.code == code } }
}
