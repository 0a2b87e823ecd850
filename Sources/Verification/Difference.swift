import ConnectorKit
import Records

/// A row that is not the same on both sides.
package struct Difference: Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    /// The source has it, the target does not.
    case missing
    /// The target has it, and the source has none that becomes it.
    case extra
    case different
  }

  /// A field that is not the same; nil where the side has none.
  package struct Field: Sendable {
    package var name: String
    package var source: Value?
    package var target: Value?
  }

  package var kind: Kind
  /// The values of the target's key columns.
  package var key: [Value.Member]
  package var fields: [Field] = []
  /// How many rows more one side has; 1 but for streams without a key.
  package var count = 1
  /// The event that the source's row was made of, as one line of JSON; nil for an ``Kind/extra`` row.
  package var event: String?
}

/// The two rows of a key, of which at least one is there.
struct HeldPair: Sendable, Equatable {
  var source: HeldRow?
  var target: HeldRow?

  /// nil where both are the same. A column that the source's row leaves out is not compared: a write would leave it too.
  func difference(_ form: RowForm) -> Difference? {
    let names = form.columns.key.map { form.columns.names[$0] }
    guard let values = (source ?? target)?.key else { return nil }
    let key = zip(names, values).map { Value.Member($0, $1) }
    switch (source, target) {
    case (let source?, nil): return Difference(kind: .missing, key: key, event: source.event)
    case (nil, .some): return Difference(kind: .extra, key: key)
    case (let source?, let target?):
      let fields = Self.fields(source, target)
      return fields.isEmpty ? nil : Difference(kind: .different, key: key, fields: fields, event: source.event)
    case (nil, nil): return nil
    }
  }

  private static func fields(_ source: HeldRow, _ target: HeldRow) -> [Difference.Field] {
    let held = Dictionary(target.cells.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return source.cells.compactMap { cell in
      let other = held[cell.name]
      if cell.value == nil || cell.form == other?.form { return nil }
      // A column that a file's row does not have is null.
      if other == nil, cell.value?.isNull == true { return nil }
      return Difference.Field(name: cell.name, source: cell.value, target: other?.value)
    }
  }
}

extension Value {
  /// As a target's type would read it.
  var storedText: String { string ?? json }
}
