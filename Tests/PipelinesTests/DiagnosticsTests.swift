import ConnectorKit
import Expressions
import Pipelines
import Records
import Testing

@Suite struct BadFileTests {
  @Test(arguments: BadFiles.groups.map(\.name))
  func whatIsSaid(group: String) throws {
    let cases = try #require(BadFiles.groups.first { $0.name == group }).cases
    let text = cases.map { name, yaml in
      let report = DiagnosticsReport(read(yaml))
      let shown = yaml.utf8.count > 600 ? "\(yaml.prefix(100))…\n" : yaml
      return "==== \(name)\n\(shown)\(shown.hasSuffix("\n") ? "" : "\n")---- says\n\(report.render(.text))\n"
    }.joined()
    expectGolden("\(group).txt", text)
    #expect(!text.contains("hunter2") || text.components(of: "---- says").dropFirst().allSatisfy(isSilent))
  }

  /// Whether no secret stands in what is said; `part` runs on to the next case's file.
  private func isSilent(_ part: String) -> Bool {
    !(part.components(of: "====").first ?? "").contains("hunter2")
  }

  @Test func eachBadFileHasADiagnosticThatIsExplained() {
    let book = CodeBook.settings + CodeBook.units + CodeBook.expressions + CodeBook.mappings + CodeBook.pipelines
    for (name, yaml) in BadFiles.groups.flatMap(\.cases) {
      let items = read(yaml).diagnostics.items
      #expect(!items.isEmpty, "\(name)")
      for item in items {
        #expect(book[item.code] != nil, "\(item.code)")
        #expect(item.place.line >= 1 && item.place.column >= 1)
      }
    }
  }
}

extension String {
  func components(of separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let found = rest.firstRange(of: separator) {
      parts.append(String(rest[..<found.lowerBound]))
      rest = rest[found.upperBound...]
    }
    return parts + [String(rest)]
  }
}

@Suite struct FormatTests {
  private let result = read(
    "nmae: x, y\nsource: {type: queue, url: \"amqp://u:hunter2@h\"}\nmappings: {a: {from: record.a, as: int, default: no}}\n",
    file: "a dir/p,1.yaml")

  @Test(arguments: DiagnosticsFormat.allCases)
  func eachFormat(format: DiagnosticsFormat) {
    let text = DiagnosticsReport(result).render(format, codes: .settings + .pipelines, version: "1.2.3")
    expectGolden("format.\(format.rawValue).txt", text)
    #expect(!text.contains("hunter2"))
  }

  @Test func coloursComeOnlyWhenAskedFor() {
    let report = DiagnosticsReport(result)
    #expect(!report.render(.text).contains("\u{1b}"))
    #expect(report.render(.text, color: true).contains("\u{1b}[1;31merror\u{1b}[0m"))
  }

  @Test func nothingFoundIsSaid() {
    let report = DiagnosticsReport(read(pipeline()))
    #expect(report.render(.text) == "1 file: no problems\n")
    #expect(report.render(.json) == #"{"files":1,"errors":0,"warnings":0,"diagnostics":[]}"# + "\n")
    #expect(report.render(.github) == "")
  }
}
