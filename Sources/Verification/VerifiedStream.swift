import ConnectorKit
import Expressions
import Pipelines
import Records

/// One stream of a comparison, and what was found so far.
package struct VerifiedStream: Sendable {
  package let route: Route
  let target: TargetStream
  let form: RowForm
  /// Which places of the target's key are the source's key, in its order; nil where the source cannot be asked by key.
  let keyPlaces: [Int]?
  /// Whether the target lists its rows; otherwise those that the source does not have stay unseen.
  package let isListed: Bool

  /// As the first look counted them: the two sides not at one instant, where a pipeline runs between them.
  package var sourceRows: UInt64 = 0
  package var targetRows: UInt64 = 0
  package var missing: UInt64 = 0
  package var extra: UInt64 = 0
  package var different: UInt64 = 0
  /// Rows that differed at the first look, and were the same when they were looked at again.
  package var settled: UInt64 = 0
  /// Rows that went on changing while they were looked at.
  package var undecided: UInt64 = 0

  init(_ route: Route, _ target: TargetStream, form: RowForm, keyPlaces: [Int]?, isListed: Bool) {
    self.route = route
    self.target = target
    self.form = form
    self.keyPlaces = keyPlaces
    self.isListed = isListed
  }

  package var differences: UInt64 { missing + extra + different }

  /// The key of the source's row that a row of the target comes from; nil where that cannot be said.
  package func sourceKey(of difference: Difference) -> Value? {
    guard let keyPlaces, let table = route.table else { return nil }
    return .object(zip(table.key, keyPlaces).map { Value.Member($0, difference.key[$1].value) })
  }

  mutating func count(_ found: [Difference]) {
    for difference in found {
      switch difference.kind {
      case .missing: missing += UInt64(difference.count)
      case .extra: extra += UInt64(difference.count)
      case .different: different += UInt64(difference.count)
      }
    }
  }
}

extension VerifiedStream {
  /// Where the source's key is found in the target's: only where its columns are copied as they are, and nothing before
  /// the mapping makes other rows of them.
  static func keyPlaces(_ route: Route, _ plan: Plan) -> [Int]? {
    guard let table = route.table, !table.key.isEmpty, route.stream.contract?.hasOwnWays != true,
      route.stream.transforms.allSatisfy(\.keepsRecords), Swift.type(of: plan.source).about.takesParts
    else { return nil }
    let columns = route.stream.columns
    let origins = columns.key.map { columns.origins.indices.contains($0) ? columns.origins[$0] : nil }
    let places = table.key.compactMap { name in origins.firstIndex(of: name) }
    return places.count == table.key.count ? places : nil
  }
}

extension Transform {
  /// Whether events go through it as they are, or not at all.
  fileprivate var keepsRecords: Bool {
    switch action {
    case .filter, .assert, .route, .sample: true
    default: false
    }
  }
}
