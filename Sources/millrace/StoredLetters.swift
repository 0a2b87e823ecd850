import ConnectorKit
import Flows
import Records

/// A dead letter as it stands in its file.
struct StoredLetter {
  var id: String
  var code: String
  var stage: String
  var field: String?
  var message: String
  /// Where the event was read: `data/a.ndjson:12`.
  var place: String
  var time: String
  var key: Value?
  /// Its line in the file; empty where only the reasons are read.
  var line = ""

  /// nil for a line that is no dead letter.
  init?(_ event: Event, of batch: Batch) {
    guard event.record != Event.none else { return nil }
    let members = Self.members(of: event, batch)
    guard let id = members["id"]?.string, let code = members["code"]?.string else { return nil }
    self.id = id
    self.code = code
    stage = members["stage"]?.string ?? ""
    field = members["field"]?.string
    message = members["message"]?.string ?? ""
    time = members["time"]?.string ?? ""
    key = members["key"]
    let origin = members["origin"]?.string ?? ""
    place = members["line"]?.int.map { "\(origin):\($0)" } ?? origin
  }

  /// What the letter says of its event; the event itself is not touched.
  private static let names: Set<String> = ["id", "code", "stage", "field", "message", "time", "origin", "line", "key"]

  private static func members(of event: Event, _ batch: Batch) -> [String: Value] {
    var members: [String: Value] = [:]
    for child in batch.children(of: Int(event.record)) {
      let name = batch.name(of: child)
      if names.contains(name) { members[name] = batch.value(at: child.node) }
    }
    return members
  }

  /// The text that could not be decoded.
  var raw: String? { (try? Value(json: line))?["raw"]?.string }

  /// The event's record, or the text that could not be decoded.
  var content: String {
    let value = try? Value(json: line)
    let parts = ["record", "raw", "raw_base64", "key"].compactMap { value?[$0] }
    return parts.first { !$0.isNull }?.json ?? "(nothing)"
  }
}

/// The dead letters of a file.
enum StoredLetters {
  /// Each event once, with its last failure, in the order in which they first failed. A last line that a crash cut off
  /// is left out.
  ///
  /// - Parameter withLines: whether the letters keep their whole text.
  static func read(_ path: String, withLines: Bool = false) throws(Failure) -> [StoredLetter] {
    var letters: [StoredLetter] = []
    var places: [String: Int] = [:]
    let decoder = JSONRecordDecoder()
    let batch = Batch()
    try LetterLines.read(path, mapping: { (error: FileError) in Failure(error) }) { bytes throws(Failure) in
      batch.reset()
      bytes.withUnsafeBytes { batch.bytes.append($0) }
      decoder.decode(batch)
      for index in batch.events.indices {
        guard var letter = StoredLetter(batch.events[index], of: batch) else { continue }
        if withLines { letter.line = batch.rawText(of: batch.events[index]) }
        if let place = places[letter.id] {
          letters[place] = letter
        } else {
          places[letter.id] = letters.count
          letters.append(letter)
        }
      }
    }
    return letters
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
