import ConnectorKit
import Glibc
import Records

/// Lets a person mend a record in an editor.
enum LetterEditor {
  /// The record as it was left.
  static func edit(_ letter: StoredLetter) throws(Failure) -> Value {
    let event = letter.event()
    let record = event?["record"] ?? letter.raw.map { (try? Value(json: $0)) ?? .string($0) } ?? [:]
    let edited = try edit(record.prettyJSON + "\n")
    return try self.record(edited)
  }

  /// A record that stands on the command line or came from an editor.
  static func record(_ text: String) throws(Failure) -> Value {
    do throws(JSONProblem) {
      let value = try Value(json: text)
      if case .object = value { return value }
    } catch {
      throw Failure(
        "decode.invalid_json", "The record is no JSON: \(error.reason.rawValue), at byte \(error.offset + 1).",
        hint: "Nothing was sent; try again.", exit: .usage)
    }
    throw Failure("decode.not_an_object", "A record is a JSON object.", hint: "Nothing was sent.", exit: .usage)
  }

  private static func edit(_ text: String) throws(Failure) -> String {
    let folder = try privateFolder()
    defer { discard(folder) }
    let path = Files.join(folder, "record.json")
    do throws(FileError) {
      let file = try DurableFile(path, for: .writing)
      try file.setMode(0o600)
      var bytes = ByteBuffer()
      bytes.append(text)
      try file.write(bytes.bytes)
    } catch {
      throw Failure(error)
    }
    let editor = Environment.editor
    let quoted = "'" + path.replacing("'", with: "'\\''") + "'"
    guard Environment.runInShell(editor + " " + quoted) == 0 else {
      throw Failure(nil, "The editor `\(editor)` ended without success.", hint: "Set EDITOR.", exit: .failed)
    }
    do throws(FileError) {
      let file = try DurableFile(path, for: .reading)
      return String(decoding: try file.read(at: 0, count: Int(file.info().size)), as: UTF8.self)
    } catch {
      throw Failure(error)
    }
  }

  /// A new folder that nobody else can look into, where temporary files belong: what the editor leaves beside the record
  /// is as private as the record.
  private static func privateFolder() throws(Failure) -> String {
    let place = Environment.temporaryFolder
    var template = Array(Files.join(place, "millrace-letter-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(FileError(.makeFolder, place)) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// With whatever the editor left in it.
  private static func discard(_ folder: String) {
    for name in (try? Files.names(in: folder)) ?? [] { try? Files.remove(Files.join(folder, name)) }
    rmdir(folder)
  }
}
