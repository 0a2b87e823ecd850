import ConnectorKit
import Expressions
import Foundation
import Pipelines
import Records
import Testing

@Suite struct CodeBookTests {
  private let book = CodeBook.settings + CodeBook.units + CodeBook.expressions + CodeBook.pipelines
  private static let areas = ["config", "yaml", "secret", "expression", "unit"]
  private static let folders = ["ConnectorKit", "Expressions", "Pipelines"]

  /// Walks the sources for literals that look like codes of these areas.
  @Test func codesAreRaisedAndExplained() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources")
    let pattern = try Regex("\"((?:\(Self.areas.joined(separator: "|")))\\.[a-z0-9_]+)\"")
    var raised: Set<String> = []
    for folder in Self.folders {
      let files = try #require(
        FileManager.default.enumerator(at: sources.appendingPathComponent(folder), includingPropertiesForKeys: nil))
      for case let file as URL in files
      where file.pathExtension == "swift" && !file.lastPathComponent.hasPrefix("CodeBook") {
        let text = try String(contentsOf: file, encoding: .utf8)
        raised.formUnion(text.matches(of: pattern).compactMap { $0.output[1].substring.map(String.init) })
      }
    }
    #expect(raised.count > 40)
    let explained = Set(book.entries.map(\.code))
    #expect(raised.subtracting(explained).sorted() == [], "raised and not explained")
    #expect(explained.subtracting(raised).sorted() == [], "explained and never raised")
  }

  @Test func entriesAreWholeAndUnique() {
    #expect(Set(book.entries.map(\.code)).count == book.entries.count)
    for entry in book.entries {
      #expect(entry.meaning.hasSuffix(".") && entry.remedy.hasSuffix("."), "\(entry.code)")
      #expect(entry.title.first?.isLowercase == true || entry.title.hasPrefix("YAML"), "\(entry.code)")
    }
    #expect(book["yaml.tab"]?.title == "a tab" && book["yaml.nothing"] == nil)
  }
}

@Suite struct SchemaTests {
  @Test func theSchemaOfATestCatalog() {
    expectGolden("pipeline.schema.json", PipelineSchema.json(catalog: catalog))
  }

  @Test func theDocumentationOfConnectors() {
    let text = ConnectorDocs.list(catalog) + "\n" + catalog.all.map { ConnectorDocs.text($0) }.joined(separator: "\n")
    expectGolden("connectors.docs.txt", text)
    expectGolden("connectors.docs.json", ConnectorDocs.json(QueueSource.self).prettyJSON + "\n")
  }
}
