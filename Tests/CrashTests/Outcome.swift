import Foundation

/// What stands in a target file, compared with what must.
struct Outcome: CustomStringConvertible {
  let lost: Set<Int>
  let doubled: [Int]
  let inOrder: Bool
  /// Lines that are no record: torn, or two in one.
  let broken: [String]

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
    inOrder = known == expected
    self.broken = broken
  }

  var isFaultless: Bool { lost.isEmpty && doubled.isEmpty && broken.isEmpty && inOrder }

  var description: String {
    "lost \(lost.count) \(lost.sorted().prefix(5)), doubled \(doubled.count) \(doubled.prefix(5)), "
      + "broken \(broken.count) \(broken.prefix(3)), in order: \(inOrder)"
  }

  private static func id(_ line: Substring) -> Int? {
    let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    return object?["id"] as? Int
  }
}
