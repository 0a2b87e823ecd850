import Records

/// What a transform changes in a record: a tree of the members that it names, made once for a pipeline.
struct RecordEdit: Sendable {
  enum Change: Sendable {
    /// The member gets the cell with this index; an absent one changes nothing.
    case set(Int)
    case remove
    case rename(String)
    /// Its members take its place.
    case flatten(separator: String)
  }

  struct Member: Sendable {
    var name: String
    var edit: RecordEdit
  }

  var change: Change?
  var members: [Member] = []

  mutating func add(_ change: Change, at names: some Collection<String>) {
    guard let first = names.first else {
      self.change = change
      return
    }
    let index = members.firstIndex { $0.name.utf8.elementsEqual(first.utf8) } ?? members.count
    if index == members.count { members.append(Member(name: first, edit: RecordEdit())) }
    members[index].edit.add(change, at: names.dropFirst())
  }

  /// Whether a value is put in somewhere below.
  var sets: Bool {
    if case .set = change { return true }
    return members.contains { $0.edit.sets }
  }
}

extension Path {
  /// The names of its members; nil where an element of a list is on the way.
  package var memberNames: [String]? {
    var names: [String] = []
    for step in steps {
      guard case .member(let name) = step else { return nil }
      names.append(name)
    }
    return names
  }
}
