import ConnectorKit
import Records
import Testing

@testable import Examples

@Suite struct YAMLTextTests {
  @Test(arguments: [
    "", "a", "draft", "9.99", "007", "true", "yes", "No", "null", "~", "a: b", "a #b", " a", "a ", "- a", "a,b", "{a}",
    "2024-05-01", "https://example.com/a?b", "\"", "'", "é", "a\nb", "\u{1}", "/a/b", "*a", "&a", "!a", "%", "@a", "`a",
    "a:", "1e5", "0x1F", ".inf", "a/b", "key", "<<",
  ])
  func `what is written is read as the same text`(text: String) throws {
    for value: Value in [.string(text), .array([.string(text)]), .object([.init("k", .string(text))])] {
      #expect(try read(YAMLText.flow(value)) == value, "\(YAMLText.flow(value))")
    }
  }

  @Test(arguments: [("draft", "draft"), ("A-1", "A-1"), ("yes", "\"yes\""), ("9.99", "\"9.99\""), ("a: b", "\"a: b\"")])
  func `quotes stand where they are needed`(text: String, written: String) {
    #expect(YAMLText.scalar(text) == written)
  }
}
