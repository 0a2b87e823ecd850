import ConnectorKit
import Records

/// Reads files, one after the other; with `follows` also what is added to them later, and files that come later.
actor FileSource: Source {
  /// How long a followed file is left alone when it holds nothing new.
  private static let pause: Duration = .milliseconds(250)
  /// How often a file that is gone is looked into without finding anything, before its end is taken for its end.
  private static let looksAtGoneMax = 8
  /// How many batches come out of one file before the others have their turn, in batches.
  private static let turnMax = 64
  /// How many followed files are kept open.
  private static let openMax = 256

  private let selection: FileSelection
  private let reading: FileReading
  private let context: Context

  private var set = FileSet()
  private var open: [FileIdentity: OpenFile] = [:]
  private var looksAtGone: [FileIdentity: Int] = [:]
  /// Index of the file whose turn it is, and how many batches it gave in it.
  private var turn = 0
  private var turnBatches = 0

  init(_ selection: FileSelection, _ reading: FileReading, _ context: Context) {
    self.selection = selection
    self.reading = reading
    self.context = context
  }

  func open(at position: Position?) async throws(ConnectorError) {
    close()
    let found = try selection.files()
    let places = try position.map { position throws(ConnectorError) in
      position == .start ? [] : try FilePlace.places(in: position)
    }
    set = try resumption.resume(places ?? [], found)
    if !reading.follows { set.sort() }
    guard set.files.isEmpty else { return }
    guard reading.follows else { throw selection.nothingFound }
    context.note("There is no \(selection.path) yet; waiting for it.")
  }

  private var resumption: FileResumption {
    FileResumption(selection, follows: reading.follows, note: context.note)
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    guard reading.follows else { return try nextToEnd(batch) }
    if turnBatches >= Self.turnMax {
      turn += 1
      try lookAround()
    }
    if try nextInTurn(batch) { return .batch }
    guard await context.sleep(Self.pause) else { return .idle }
    try lookAround()
    return try nextInTurn(batch) ? .batch : .idle
  }

  nonisolated func makeDecoder() -> any Decoder { reading.format.makeDecoder(reading.csv.dialect) }

  /// Files keep what was read.
  func acknowledge(_ positions: [Position]) {}

  func extent() -> Extent? {
    let found = (try? selection.files()) ?? []
    let isPlain = found.allSatisfy { (reading.compression ?? Compression(name: $0.path)) == .none }
    guard isPlain, !found.isEmpty else { return nil }
    return Extent(
      unit: .bytes, total: found.reduce(0) { $0 + $1.info.size }, done: set.files.reduce(0) { $0 + $1.place.offset })
  }

  func close() {
    open.removeAll()
    looksAtGone.removeAll()
    turn = 0
    turnBatches = 0
  }
}

extension FileSource {
  /// Files that do not grow: each to its end.
  private func nextToEnd(_ batch: Batch) throws(ConnectorError) -> Next {
    while turn < set.files.count {
      if try !isComplete(set.files[turn].place), try fill(batch) == .records { return .batch }
      open.removeAll()
      turn += 1
    }
    return .end
  }

  /// Whether nothing came to the file since all of it was read.
  private func isComplete(_ place: FilePlace) throws(ConnectorError) -> Bool {
    guard let size = place.completeSize, open.isEmpty else { return false }
    return try resumption.here(place)?.size == size
  }

  /// Asks each file once, beginning with the one whose turn it is.
  private func nextInTurn(_ batch: Batch) throws(ConnectorError) -> Bool {
    for _ in 0..<set.files.count {
      if turn >= set.files.count { turn = 0 }
      switch try fill(batch) {
      case .records:
        turnBatches += 1
        return true
      case .nothing:
        lookAtGone()
        turn += 1
      case .end:
        forget(turn)
      }
      turnBatches = 0
    }
    return false
  }

  /// The next records of the file whose turn it is.
  private func fill(_ batch: Batch) throws(ConnectorError) -> RecordReader.Filled {
    guard let file = try openFile() else { return set.files[turn].isGone ? .end : .nothing }
    let filled = try file.fill(batch)
    set.move(turn, to: file.place, readTo: file.readTo)
    if filled == .records { batch.position = set.position }
    return filled
  }

  private func openFile() throws(ConnectorError) -> OpenFile? {
    let place = set.files[turn].place
    if let file = open[place.identity] { return file }
    guard let path = try pathToOpen(set.files[turn]) else { return nil }
    if open.count >= Self.openMax { closeOne() }
    let file = try OpenFile.open(place, full: selection.full(path), reading)
    open[place.identity] = file
    return file
  }

  /// Where the file lies, if it does; a file that is gone may lie beside its old name.
  private func pathToOpen(_ file: FileSet.Tracked) throws(ConnectorError) -> String? {
    let place = file.place
    let here = try file.isGone ? nil : resumption.here(place)
    if !reading.follows {
      guard here != nil else { throw place.vanished }
      return place.path
    }
    if here?.identity == place.identity { return place.path }
    if let path = try resumption.elsewhere(place) { return path }
    if file.isGone { context.note("\(place.path) was removed before it could be read from byte \(place.offset) on.") }
    return nil
  }

  private func closeOne() {
    let idle = set.files.indices.first {
      $0 != turn && !set.files[$0].isGone && open[set.files[$0].place.identity] != nil
    }
    if let idle { open[set.files[idle].place.identity] = nil }
  }

  /// A writer may go on for a moment in a file that was renamed, so its end is believed only after a while.
  private func lookAtGone() {
    guard set.files[turn].isGone else { return }
    let identity = set.files[turn].place.identity
    looksAtGone[identity, default: 0] += 1
    if looksAtGone[identity, default: 0] >= Self.looksAtGoneMax { open[identity]?.stopGrowing() }
  }

  private func forget(_ index: Int) {
    let identity = set.files[index].place.identity
    open[identity] = nil
    looksAtGone[identity] = nil
    set.forget(index)
  }

  /// Finds files that came, went, or were renamed or emptied.
  private func lookAround() throws(ConnectorError) {
    turnBatches = 0
    defer {
      // What is left of an old file comes before what its successor holds.
      if let gone = set.files.firstIndex(where: \.isGone) { turn = gone }
    }
    for change in try set.update(selection.files()) {
      switch change {
      case .appeared(let path): context.note("\(path) appeared.")
      case .renamed(let old, let new): context.note("\(old) was renamed to \(new).")
      case .gone(let place): context.note("\(place.path) was renamed or removed; it is read to its end.")
      case .emptied(let place): try emptied(place)
      }
    }
  }

  /// The writer copied the file and emptied it (copytruncate): the copy holds what was not read yet.
  private func emptied(_ place: FilePlace) throws(ConnectorError) {
    open[place.identity] = nil
    guard place.offset > 0, let copy = try resumption.copy(of: place),
      let index = set.files.firstIndex(where: { $0.place.identity == place.identity })
    else {
      context.note("\(place.path) was emptied; it is read from its begin.")
      return
    }
    context.note("\(place.path) was copied to \(copy.path) and emptied; the rest of the copy is read first.")
    var rest = place
    rest.path = copy.path
    rest.identity = copy.info.identity
    if !set.files.contains(where: { $0.place.identity == rest.identity }) { set.add(rest, isGone: true, at: index) }
  }
}
