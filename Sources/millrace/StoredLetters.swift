import ConnectorKit
import Flows
import Records

/// A dead letter as it stands in its file.
struct StoredLetter {
  var line: String
  var id: String
  var code: String
  var stage: String
  var field: String?
  var message: String
  /// Where the event was read: `data/a.ndjson:12`.
  var place: String
  var time: String
  /// The event's record, or the text that could not be decoded.
  var content: String

  init?(_ line: String) {
    guard let value = try? Value(json: line), let id = value["id"]?.string, let code = value["code"]?.string else {
      return nil
    }
    self.line = line
    self.id = id
    self.code = code
    stage = value["stage"]?.string ?? ""
    field = value["field"]?.string
    message = value["message"]?.string ?? ""
    time = value["time"]?.string ?? ""
    let origin = value["origin"]?.string ?? ""
    place = value["line"]?.int.map { "\(origin):\($0)" } ?? origin
    let parts = [value["record"], value["raw"], value["raw_base64"], value["key"]]
    content = parts.compactMap(\.self).first { !$0.isNull }?.json ?? "(nothing)"
  }
}

/// The dead letters of a file.
enum StoredLetters {
  /// How much is read at once, in bytes.
  private static let chunk = 1 << 20

  /// Each event once, with its last failure, in the order in which they first failed. A last line that a crash cut off
  /// is left out.
  static func read(_ path: String) throws(Failure) -> [StoredLetter] {
    var letters: [StoredLetter] = []
    var places: [String: Int] = [:]
    try lines(of: path) { line in
      guard let letter = StoredLetter(line) else { return }
      if let place = places[letter.id] {
        letters[place] = letter
      } else {
        places[letter.id] = letters.count
        letters.append(letter)
      }
    }
    return letters
  }

  private static func lines(of path: String, _ body: (String) -> Void) throws(Failure) {
    do throws(FileError) {
      guard try Files.info(path) != nil else { return }
      let file = try DurableFile(path, for: .reading)
      var offset: UInt64 = 0
      var rest: [UInt8] = []
      while true {
        let bytes = try file.read(at: offset, count: chunk)
        if bytes.isEmpty { return }
        offset += UInt64(bytes.count)
        rest += bytes
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
        for line in rest[..<end].split(separator: UInt8(ascii: "\n")) { body(String(decoding: line, as: UTF8.self)) }
        rest.removeSubrange(...end)
      }
    } catch {
      throw Failure(error)
    }
  }
}

/// Dead letters of one reason.
struct DeadLetterKind {
  var count: Int
  var first: StoredLetter

  var title: String { "[\(first.code)] \(first.stage)" + (first.field.map { " field `\($0)`" } ?? "") }

  var value: Value {
    [
      "code": .string(first.code), "stage": .string(first.stage), "field": first.field.map { .string($0) } ?? .null,
      "count": .int(Int64(count)), "message": .string(first.message), "first_id": .string(first.id),
      "first_place": .string(first.place),
    ]
  }

  /// The most frequent first.
  static func kinds(of letters: [StoredLetter]) -> [DeadLetterKind] {
    var kinds: [DeadLetterKind] = []
    var places: [[String?]: Int] = [:]
    for letter in letters {
      let reason = [letter.code, letter.stage, letter.field]
      if let place = places[reason] {
        kinds[place].count += 1
      } else {
        places[reason] = kinds.count
        kinds.append(DeadLetterKind(count: 1, first: letter))
      }
    }
    return kinds.sorted { $0.count > $1.count }
  }
}
