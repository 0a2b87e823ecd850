/// "Did you mean": the known name that is nearest to one that is not.
package enum Suggestion {
  /// A sentence that names the nearest of `names`, or nil where none is near.
  package static func among(_ names: [String], for name: String) -> String? {
    nearest(names, to: name).map { "did you mean '\($0)'?" }
  }

  /// Longer names, in bytes, are not compared.
  private static let longest = 64

  /// The name with the fewest edits, at most a third of the length; ties go to the first in the alphabet.
  static func nearest(_ names: [String], to name: String) -> String? {
    guard name.utf8.count <= longest else { return nil }
    let bound = max(1, name.utf8.count / 3)
    let wanted = name.lowercased()
    let ranked = names.map { (name: $0, distance: distance($0.lowercased(), wanted)) }
    return ranked.filter { $0.distance <= bound && $0.name != name }
      .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// The number of insertions, deletions, changes and swaps of neighbours between two words (Damerau, restricted).
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.unicodeScalars)
    let b = Array(b.unicodeScalars)
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in b.indices {
        row[j + 1] = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1) }
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
