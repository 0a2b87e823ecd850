import ConnectorKit
import Foundation
import Pipelines
import Testing

@Suite final class PipelineReaderTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  @discardableResult
  private func write(_ name: String, _ data: Data) throws -> String {
    let file = folder.appendingPathComponent(name)
    try data.write(to: file)
    return file.path
  }

  @discardableResult
  private func write(_ name: String, _ text: String) throws -> String { try write(name, Data(text.utf8)) }

  private func codes(_ paths: String...) -> [String] {
    PipelineReader.read(paths: paths, catalog: catalog).diagnostics.items.map(\.code)
  }

  @Test func aFolderMeansItsFiles() throws {
    try write("b.yaml", pipeline())
    try write("a.yml", pipeline().replacing("products", "other"))
    try write("notes.txt", "not a pipeline")
    let result = PipelineReader.read(paths: [folder.path], catalog: catalog)
    #expect(result.plans.map(\.name) == ["other", "products"])
    #expect(result.files == 2 && result.diagnostics.items == [])
    #expect(result.plans.first?.folder == folder.path)
  }

  @Test func problemsOfAllFilesAreFound() throws {
    let bad = try write("bad.yaml", "name: [")
    let worse = try write("worse.yaml", pipeline("retyr: {}"))
    let good = try write("good.yaml", pipeline())
    let result = PipelineReader.read(paths: [bad, "missing.yaml", good, worse], catalog: catalog)
    #expect(result.diagnostics.items.map(\.code) == ["yaml.syntax", "config.file_not_found", "config.unknown_key"])
    #expect(result.plans.map(\.file) == [good] && result.files == 4)
  }

  @Test func namesMustDiffer() throws {
    try write("a.yaml", pipeline())
    try write("b.yaml", pipeline())
    let result = PipelineReader.read(paths: [folder.path], catalog: catalog)
    #expect(result.diagnostics.items.map(\.code) == ["config.duplicate_name"])
    #expect(result.diagnostics.items.first?.place.file.hasSuffix("b.yaml") == true)
    #expect(result.plans.count == 1)
  }

  @Test func folders() throws {
    #expect(codes(folder.path) == ["config.no_files"])
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("inner.yaml"), withIntermediateDirectories: false)
    #expect(codes(folder.path) == ["config.file_is_folder"])
  }

  @Test func whatIsNoRegularFile() throws {
    let pipe = folder.appendingPathComponent("p.yaml").path
    try #require(mkfifo(pipe, 0o600) == 0)
    #expect(codes(pipe) == ["config.file_not_regular"])
    #expect(codes("/dev/zero") == ["config.file_not_regular"])
    #expect(codes("/dev/null") == ["config.file_not_regular"])
    #expect(codes(pipe + "/x") == ["config.file_not_found"])
    #expect(codes("") == ["config.file_not_found"])
  }

  @Test func aFileBeyondTheBoundIsNotRead() throws {
    let file = try write("large.yaml", "")
    let handle = try #require(FileHandle(forWritingAtPath: file))
    try handle.truncate(atOffset: 100_000_000)
    #expect(codes(file) == ["config.file_too_large"])
  }

  @Test(.enabled(if: getuid() != 0)) func aFileWithoutPermission() throws {
    let file = try write("p.yaml", pipeline())
    chmod(file, 0)
    #expect(codes(file) == ["config.file_unreadable"])
  }

  @Test func encodings() throws {
    let text = pipeline()
    #expect(
      codes(try write("16le.yaml", Data([0xff, 0xfe]) + text.data(using: .utf16LittleEndian)!)) == ["yaml.not_utf8"])
    #expect(codes(try write("16be.yaml", text.data(using: .utf16BigEndian)!)) == ["yaml.not_utf8"])
    #expect(codes(try write("32.yaml", Data([0, 0, 0xfe, 0xff, 0, 0, 0, 0x61]))) == ["yaml.not_utf8"])
    #expect(codes(try write("latin1.yaml", Data("name: caf".utf8) + Data([0xe9, 0x0a]))) == ["yaml.not_utf8"])
    #expect(codes(try write("nul.yaml", "name: a\0b\n")) == ["yaml.nul_byte"])
    #expect(codes(try write("bom.yaml", "\u{feff}" + text)) == ["yaml.byte_order_mark"])
    #expect(codes(try write("crlf.yaml", text.replacing("\n", "\r\n"))) == [])
  }

  @Test func placesOfBadBytes() throws {
    let file = try write("p.yaml", Data("name: x\n# caf\u{e9} ".utf8) + Data([0xff]))
    let place = PipelineReader.read(paths: [file], catalog: catalog).diagnostics.items.first?.place
    #expect(place?.line == 2 && place?.column == 8)
  }

  @Test func placesCountCharacters() {
    let items = read("name: x # \u{e9}\u{1f600}\nd\u{e9}: 1\n{").diagnostics.items
    #expect(items.first?.place.line == 3)
    let unknown = read(pipeline("x: {\"\u{1f600}\": 1, na: 2}").replacing("x: ", "checkpoint: ")).diagnostics.items
    #expect(unknown.map(\.place.column) == [14, 22])
  }
}
