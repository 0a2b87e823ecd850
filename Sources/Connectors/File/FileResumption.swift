import ConnectorKit
import Records

/// Finds the files again that a checkpoint tells of.
struct FileResumption {
  private let selection: FileSelection
  private let follows: Bool
  private let note: @Sendable (String) -> Void

  init(_ selection: FileSelection, follows: Bool, note: @escaping @Sendable (String) -> Void) {
    self.selection = selection
    self.follows = follows
    self.note = note
  }

  /// - Parameters:
  ///   - places: how far files were read; empty to begin anew.
  ///   - found: the files that there are.
  /// - Throws: where records could be lost or doubled in silence, because a file is not what it was.
  func resume(_ places: [FilePlace], _ found: [FileSelection.Found]) throws(ConnectorError) -> FileSet {
    var set = FileSet()
    var left = found
    for (index, place) in places.enumerated() {
      guard let match = try match(place, left, mayBeGone: try mayBeGone(index, of: places)) else { continue }
      var here = place
      here.path = match.path
      here.identity = match.info.identity
      set.add(here, isGone: !found.contains(match))
      left.removeAll { $0.info.identity == match.info.identity }
    }
    for file in left where !follows || !set.knows(file.info.identity) {
      set.add(FilePlace(path: file.path, identity: file.info.identity))
    }
    return set
  }

  /// The one file that is followed must be found: what was added to it may not have been read.
  private func mayBeGone(_ index: Int, of places: [FilePlace]) throws(ConnectorError) -> Bool {
    guard places[index].completeSize != nil else { return false }
    if !follows || index < places.count - 1 { return true }
    return try !selection.isOneFile()
  }

  private func match(
    _ place: FilePlace, _ found: [FileSelection.Found], mayBeGone: Bool
  ) throws(ConnectorError)
    -> FileSelection.Found?
  {
    var problem = place.vanished
    if let same = found.first(where: { $0.path == place.path }) {
      guard let difference = try difference(place, same) else { return same }
      problem = difference
    }
    if let other = try renamed(place, follows ? neighbours(of: place) : found) { return other }
    if follows, let copy = try copy(of: place) { return copy }
    guard mayBeGone, problem.code == place.vanished.code || follows else { throw problem }
    note("\(place.path) is gone; it had been read to its end.")
    return nil
  }

  /// Why the file is not the one that was read up to the place; nil where it is.
  private func difference(_ place: FilePlace, _ found: FileSelection.Found) throws(ConnectorError) -> ConnectorError? {
    do {
      let file = try DurableFile(selection.full(found.path), for: .reading)
      let isPacked = try Compression(magic: file.read(at: 0, count: 4)) != .none
      try place.check(against: file, isPacked: isPacked)
      return nil
    } catch let error as ConnectorError {
      return error
    } catch let error as FileError {
      throw error.connectorError
    } catch {
      return place.replaced
    }
  }

  private func renamed(
    _ place: FilePlace, _ found: [FileSelection.Found]
  ) throws(ConnectorError)
    -> FileSelection.Found?
  {
    for file in found where file.info.identity.inode == place.identity.inode {
      if try difference(place, file) == nil { return file }
    }
    return nil
  }

  private func neighbours(of place: FilePlace) throws(ConnectorError) -> [FileSelection.Found] {
    try selection.files(in: place.path.utf8.contains(UInt8(ascii: "/")) ? Files.folder(of: place.path) : "")
  }

  /// A file beside the place's that begins with all that was read of it, byte for byte as far as fingerprints tell.
  func copy(of place: FilePlace) throws(ConnectorError) -> FileSelection.Found? {
    for file in try neighbours(of: place)
    where file.path != place.path && file.info.size >= place.offset && Compression(name: file.path) == .none {
      if try difference(place, file) == nil { return file }
    }
    return nil
  }

  /// The file that lies under the place's name, if one does.
  func here(_ place: FilePlace) throws(ConnectorError) -> FileInfo? {
    do {
      return try Files.info(selection.full(place.path))
    } catch { throw error.connectorError }
  }

  /// Where a file lies that is no longer under its name.
  func elsewhere(_ place: FilePlace) throws(ConnectorError) -> String? {
    try neighbours(of: place).first { $0.info.identity == place.identity }?.path
  }
}

extension FileSelection {
  var nothingFound: ConnectorError {
    ConnectorError(
      "file.not_found", "There is no \(path).", remedy: .stop,
      hint: "Check the path; relative paths start from \(folder.isEmpty ? "the working folder" : folder).")
  }
}
