import ConnectorKit
import Records

/// The files that a source knows and how far each was read: a value that is told what lies on the disk.
struct FileSet: Sendable, Equatable {
  struct Tracked: Sendable, Equatable {
    var place: FilePlace
    /// How far the file on the disk was read, in bytes; ahead of `place` by what is no whole record yet.
    var readTo: UInt64
    /// No longer under a name that the source reads: it is read to its end and then forgotten.
    var isGone = false

    init(_ place: FilePlace) {
      self.place = place
      readTo = place.offset
    }
  }

  /// What became of the files since they were looked at last.
  enum Change: Equatable {
    case appeared(String)
    case renamed(from: String, to: String)
    case gone(FilePlace)
    /// It holds less than was read of it: its writer emptied it and began anew.
    case emptied(FilePlace)
  }

  /// In the order in which they are read.
  private(set) var files: [Tracked] = []
  /// The positions' form of each file, kept because a position is made for every batch.
  private var values: [Value] = []

  /// Where to go on; files of which nothing was read yet are found again by themselves.
  var position: Position {
    let begun = zip(files, values).filter { $0.0.place.offset > 0 }.map(\.1)
    return Position(format: FilePlace.format, value: .object([Value.Member("files", .array(begun))]))
  }

  func knows(_ identity: FileIdentity) -> Bool { files.contains { $0.place.identity == identity } }

  mutating func add(_ place: FilePlace, isGone: Bool = false, at index: Int? = nil) {
    var tracked = Tracked(place)
    tracked.isGone = isGone
    files.insert(tracked, at: index ?? files.count)
    values.insert(place.value, at: index ?? values.count)
  }

  mutating func sort() {
    files.sort { $0.place.path.utf8.lexicographicallyPrecedes($1.place.path.utf8) }
    values = files.map(\.place.value)
  }

  mutating func move(_ index: Int, to place: FilePlace, readTo: UInt64) {
    files[index].readTo = readTo
    guard files[index].place != place else { return }
    files[index].place = place
    values[index] = place.value
  }

  mutating func forget(_ index: Int) {
    files.remove(at: index)
    values.remove(at: index)
  }

  /// Takes what lies on the disk now. A file is the same file by its identity, whatever its name.
  mutating func update(_ found: [FileSelection.Found]) -> [Change] {
    var changes: [Change] = []
    var unknown: [FileIdentity: FileSelection.Found] = [:]
    for file in found { unknown[file.info.identity] = file }
    for index in files.indices {
      guard let file = unknown.removeValue(forKey: files[index].place.identity) else {
        if !files[index].isGone { changes.append(.gone(files[index].place)) }
        files[index].isGone = true
        continue
      }
      files[index].isGone = false
      changes += update(index, file)
    }
    // A second name of the same file stays out: `unknown` gives each identity once.
    for file in found where unknown.removeValue(forKey: file.info.identity) != nil {
      add(FilePlace(path: file.path, identity: file.info.identity))
      changes.append(.appeared(file.path))
    }
    return changes
  }

  private mutating func update(_ index: Int, _ file: FileSelection.Found) -> [Change] {
    var place = files[index].place
    if file.info.size < files[index].readTo {
      let old = place
      move(index, to: FilePlace(path: file.path, identity: place.identity), readTo: 0)
      return [.emptied(old)]
    }
    guard file.path != place.path else { return [] }
    let old = place.path
    place.path = file.path
    move(index, to: place, readTo: files[index].readTo)
    return [.renamed(from: old, to: file.path)]
  }
}
