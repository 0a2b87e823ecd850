/// Pairs what was expected with what there is, both in order, so that one that is missing does not shift all others.
enum Alignment {
  /// More pairs than that are not weighed; then the first is compared with the first, and so on.
  private static let pairsMax = 250_000

  /// - Parameter score: how well two fit: 0 not at all.
  /// - Returns: pairs in order; a side is nil where the other stands alone.
  static func pairs(
    _ expected: Int, _ got: Int, score: (_ expected: Int, _ got: Int) -> Int
  ) -> [(expected: Int?, got: Int?)] {
    guard expected * got <= pairsMax else { return inTurn(expected, got) }
    // best[e][g]: of what stands from `e` and `g` on.
    var best = Array(repeating: Array(repeating: 0, count: got + 1), count: expected + 1)
    for e in stride(from: expected - 1, through: 0, by: -1) {
      for g in stride(from: got - 1, through: 0, by: -1) {
        let own = score(e, g)
        let paired = own > 0 ? own + best[e + 1][g + 1] : 0
        best[e][g] = max(paired, best[e + 1][g], best[e][g + 1])
      }
    }
    return walk(best, score)
  }

  private static func walk(
    _ best: [[Int]], _ score: (Int, Int) -> Int
  ) -> [(expected: Int?, got: Int?)] {
    var pairs: [(expected: Int?, got: Int?)] = []
    var (e, g) = (0, 0)
    let (expected, got) = (best.count - 1, best[0].count - 1)
    while e < expected || g < got {
      if e < expected, g < got, score(e, g) > 0, best[e][g] == score(e, g) + best[e + 1][g + 1] {
        pairs.append((e, g))
        (e, g) = (e + 1, g + 1)
      } else if e < expected, g == got || best[e][g] == best[e + 1][g] {
        pairs.append((e, nil))
        e += 1
      } else {
        pairs.append((nil, g))
        g += 1
      }
    }
    return pairs
  }

  private static func inTurn(_ expected: Int, _ got: Int) -> [(expected: Int?, got: Int?)] {
    (0..<max(expected, got)).map { ($0 < expected ? $0 : nil, $0 < got ? $0 : nil) }
  }
}
