import ConnectorKit
import Glibc
import Records

/// Lets a person mend a record in an editor.
enum LetterEditor {
  /// The record as it was left.
  static func edit(_ letter: StoredLetter) throws(Failure) -> Value {
    let event = letter.event()
    let record = event?["record"] ?? letter.raw.map { (try? Value(json: $0)) ?? .string($0) } ?? [:]
    let edited = try edit(record.prettyJSON + "\n", name: letter.id)
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

  private static func edit(_ text: String, name: String) throws(Failure) -> String {
    var template = Array("/tmp/millrace-letter-XXXXXX.json".utf8CString)
    let descriptor = mkstemps(&template, 5)
    guard descriptor >= 0 else { throw Failure(FileError(.open, "/tmp")) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    do throws(FileError) {
      let file = DurableFile(descriptor: descriptor, name: path)
      var bytes = ByteBuffer()
      bytes.append(text)
      try file.write(bytes.bytes)
    } catch {
      throw Failure(error)
    }
    close(descriptor)
    let editor = Environment.editor
    guard Environment.runInShell("\(editor) \(path)") == 0 else {
      throw Failure(nil, "The editor `\(editor)` ended without success.", hint: "Set EDITOR.", exit: .failed)
    }
    do throws(FileError) {
      let file = try DurableFile(path, for: .reading)
      return String(decoding: try file.read(at: 0, count: Int(file.info().size)), as: UTF8.self)
    } catch {
      throw Failure(error)
    }
  }
}
