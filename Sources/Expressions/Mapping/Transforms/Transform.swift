import Records

/// A step over the event before it is mapped.
package struct Transform: Sendable, Equatable {
  /// What errors and counts call it.
  package var name: String
  package var action: Action

  package init(_ name: String, _ action: Action) {
    self.name = name
    self.action = action
  }

  package static func filter(_ condition: EventExpression) -> Transform { Transform("filter", .filter(condition)) }

  package enum Action: Sendable, Equatable {
    /// Events for which it holds go on; the others are filtered.
    case filter(EventExpression)
    /// Events for which it does not hold are dead letters.
    case assert(EventExpression, message: String?)
    /// Events for which it holds end here.
    case route(EventExpression, to: Destination, reason: String?)
    /// A share of the events goes on, 0 … 1; which ones depends on the value alone.
    case sample(share: Double, by: EventExpression)
    /// Events of which one like it was let through before end as duplicates.
    case dedupe(Dedupe)
    /// Gives members of the record a value; one that has none stays as it is.
    case set([Assignment])
    case unset([Path])
    /// New names for members, in the same place.
    case rename([Renaming])
    /// The event goes on once for each element of a list, with the element in the list's place.
    case explode(Path)
    /// The members of an object take its place, with its name before theirs.
    case flatten(Path, separator: String)
    /// Values of personal data are replaced.
    case redact([Path], with: String)
    /// Values of personal data are replaced by a hash, keyed where there is a key.
    case hash([Path], key: String?)
  }

  package enum Destination: String, Sendable, CaseIterable {
    case deadLetter = "dead_letter"
    case drop
  }

  package struct Assignment: Sendable, Equatable {
    package var path: Path
    package var value: EventExpression
    package init(_ path: Path, _ value: EventExpression) {
      self.path = path
      self.value = value
    }
  }

  package struct Renaming: Sendable, Equatable {
    package var path: Path
    package var name: String
    package init(_ path: Path, _ name: String) {
      self.path = path
      self.name = name
    }
  }
}

extension Transform {
  /// The word that it is written with.
  package var kind: String {
    switch action {
    case .filter: "filter"
    case .assert: "assert"
    case .route: "route"
    case .sample: "sample"
    case .dedupe: "dedupe"
    case .set: "set"
    case .unset: "unset"
    case .rename: "rename"
    case .explode: "explode"
    case .flatten: "flatten"
    case .redact: "redact"
    case .hash: "hash"
    }
  }
}
