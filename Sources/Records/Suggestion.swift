/// Finds what a person probably meant to write.
public enum Suggestion {
  /// Longest word that is compared, in characters.
  private static let lengthMax = 64
  /// The most candidates that are looked at, and that a hint lists.
  private static let candidatesMax = 200
  private static let listedMax = 30

  /// The candidate nearest to `word`, if it is near enough to be a slip of the pen.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let folded = fold(word)
    guard !folded.isEmpty, folded.count <= lengthMax else { return nil }
    let allowed = max(1, folded.count / 3)
    var best: (candidate: String, distance: Int)?
    for candidate in candidates.prefix(candidatesMax) where candidate != word {
      let distance = distance(folded, fold(candidate))
      if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.candidate
  }

  /// "did you mean `x`?", or the list of what there is.
  public static func hint(for word: String, among candidates: [String], noun: String = "known here") -> String? {
    if let nearest = nearest(to: word, among: candidates) { return "did you mean `\(nearest)`?" }
    guard !candidates.isEmpty else { return nil }
    let listed = candidates.prefix(listedMax).map { "`\($0)`" }.joined(separator: ", ")
    return "\(noun): \(listed)\(candidates.count > listedMax ? ", …" : "")"
  }

  /// Case and the choice between `-`, `_` and nothing are no difference.
  private static func fold(_ word: String) -> [Character] {
    word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
  }

  /// How many characters must be inserted, removed, replaced or swapped with their neighbour (optimal string
  /// alignment).
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    guard abs(a.count - b.count) <= lengthMax else { return .max }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
