import Foundation

/// What stands in a target file, compared with what must.
struct Outcome: CustomStringConvertible {
  let lost: Set<Int>
  let doubled: [Int]
  /// How often a record stands behind a later one: each is where a run went back to its checkpoint.
  let stepsBack: Int
  /// Lines that are no record: torn, or two in one.
  let broken: [String]
  /// Records that nobody asked for.
  let strange: Set<Int>

  init(file: URL, expected: [Int]) throws {
    var ids: [Int] = []
    var broken: [String] = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      if let id = Self.id(line) { ids.append(id) } else { broken.append(String(line.prefix(200))) }
    }
    let known = ids.filter { $0 >= 0 }
    var seen: Set<Int> = []
    doubled = known.filter { !seen.insert($0).inserted }
    lost = Set(expected).subtracting(seen)
    strange = seen.subtracting(expected)
    stepsBack = zip(known, known.dropFirst()).count { $0 >= $1 }
    self.broken = broken
  }

  /// Every record is there, in order, and no more often than the kills explain.
  func isRight(kills: Int, repeatsAllowed: Int) -> Bool {
    lost.isEmpty && broken.isEmpty && strange.isEmpty && stepsBack <= kills && doubled.count <= repeatsAllowed
  }

  var description: String {
    "lost \(lost.count) \(lost.sorted().prefix(5)), doubled \(doubled.count) \(doubled.prefix(5)), "
      + "strange \(strange.count), broken \(broken.count) \(broken.prefix(3)), steps back \(stepsBack)"
  }

  private static func id(_ line: Substring) -> Int? {
    let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    return object?["id"] as? Int
  }
}
