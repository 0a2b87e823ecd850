import Foundation

/// Records that are told apart by their number, and the rows that they must become: one in ten is filtered, one in a
/// thousand has no id and is a dead letter.
struct Records {
  /// What stands in the target file before the first run of an appending pipeline.
  static let before = #"{"id":-1,"name":"was there before"}"# + "\n"

  let file: URL
  /// The rows of an undisturbed run.
  let wanted: Data
  /// Where the row of a record stands in `wanted`; nil for one that has none.
  let places: [Range<Int>?]
  /// The names of the records that are dead letters.
  let dead: Set<String>

  init(_ count: Int, in folder: URL) throws {
    file = folder.appendingPathComponent("source.ndjson")
    var source = ""
    var rows = ""
    var places: [Range<Int>?] = []
    var dead: Set<String> = []
    for number in 0..<count {
      let (price, tag) = ("\(number % 977).50", "a\(number % 7)")
      let isDead = number % 1_000 == 500
      let kind = number % 10 == 3 ? "left out" : "kept"
      let id = isDead ? "" : "\"id\":\(number),"
      source += #"{\#(id)"name":" record \#(number) ","kind":"\#(kind)","price":"\#(price)","tags":["\#(tag)"]}"# + "\n"
      if isDead { dead.insert(" record \(number) ") }
      guard !isDead, kind == "kept" else {
        places.append(nil)
        continue
      }
      let begin = rows.utf8.count
      rows += #"{"id":\#(number),"name":"record \#(number)","price":\#(price),"first":"\#(tag)"}"# + "\n"
      places.append(begin..<rows.utf8.count)
    }
    try source.write(to: file, atomically: false, encoding: .utf8)
    wanted = Data(rows.utf8)
    self.places = places
    self.dead = dead
  }
}
