import ArgumentParser
import ConnectorKit
import Connectors
import Glibc
import Pipelines
import Records
import Status

struct InitCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first pipeline for a source and a target.",
    usage: "millrace init <file> [--source <type>] [--target <type>] [<options>]",
    discussion: """
      Refuses to overwrite. What the file leaves out stands in it as a comment, with its default.

      Example:
        millrace init products.yaml --source file --target file
      """)

  @Argument(help: "The file to write.", completion: .file(extensions: ["yaml"]))
  var file: String

  @Option(help: "The source's type; `millrace connectors` lists them.", completion: .list(Catalog.standard.sourceTypes))
  var source = "file"

  @Option(help: "The target's type.", completion: .list(Catalog.standard.targetTypes))
  var target = "file"

  @Option(help: "The pipeline's name; without it the file's.")
  var name: String?

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let catalog = Catalog.standard
    guard let source = catalog.source(source) else {
      throw Self.unknown("source", self.source, catalog.sourceTypes)
    }
    guard let target = catalog.target(target) else {
      throw Self.unknown("target", self.target, catalog.targetTypes)
    }
    let text = FirstPipeline.text(name: name ?? Self.name(of: file), source: source, target: target)
    try check(text)
    try write(text)
    answer(
      ["file": .string(file)],
      text: "\(file) is written. Fill it in, then look at what it would do:\n  millrace dry-run \(file)")
    return .done
  }

  private static func unknown(_ what: String, _ word: String, _ known: [String]) -> Failure {
    Failure(
      nil, "There is no \(what) `\(word)`.", hint: Suggestion.hint(for: word, among: known, noun: "there are"),
      exit: .usage)
  }

  /// `data/my products.yaml` → `my-products`
  private static func name(of file: String) -> String {
    let base = Files.name(of: file)
    let stem = base.split(separator: ".").first.map(String.init) ?? ""
    let word = String(stem.map { isWord($0) ? $0 : "-" })
    return word.first.map { isWord($0) && $0 != "_" && $0 != "-" } == true ? word : "pipeline"
  }

  private static func isWord(_ letter: Character) -> Bool {
    letter.isASCII && (letter.isLetter || letter.isNumber || letter == "-" || letter == "_")
  }

  /// A file that this program writes is one that it accepts.
  private func check(_ text: String) throws(Failure) {
    let result = PipelineReader.read(file: file, bytes: Array(text.utf8), catalog: .standard)
    guard !result.diagnostics.hasErrors else {
      PipelineFiles.tell(result)
      throw PipelineFiles.wrong(result)
    }
  }

  private func write(_ text: String) throws(Failure) {
    do throws(FileError) {
      guard try Files.info(file) == nil else {
        throw FileError(.open, file, EEXIST)
      }
      try Files.makeFolder(Files.folder(of: file))
      try Output.write(text, toNewFile: file)
    } catch {
      guard error.number == EEXIST else { throw Failure(error) }
      throw Failure(
        "init.file_exists", "\(file) is there already.", hint: "Name another file, or remove this one first.",
        exit: .surroundings)
    }
  }
}

extension Output {
  fileprivate static func write(_ text: String, toNewFile path: String) throws(FileError) {
    var buffer = ByteBuffer()
    buffer.append(text)
    try DurableFile(path, for: .writing).write(buffer.bytes)
  }
}
