import ConnectorKit
import Records
import Testing

@testable import Connectors

@Suite struct FileSetTests {
  private func found(_ path: String, inode: UInt64, size: UInt64) -> FileSelection.Found {
    FileSelection.Found(path: path, info: FileInfo(size: size, identity: FileIdentity(device: 1, inode: inode)))
  }

  @Test func followsFilesByTheirIdentity() {
    var set = FileSet()
    #expect(
      set.update([found("a", inode: 1, size: 0), found("b", inode: 2, size: 9)]) == [.appeared("a"), .appeared("b")])
    #expect(set.update([found("a", inode: 1, size: 5), found("b", inode: 2, size: 9)]) == [])

    var place = set.files[1].place
    place.offset = 7
    set.move(1, to: place, readTo: 9)
    #expect(
      set.update([found("a", inode: 1, size: 5), found("c", inode: 2, size: 9)]) == [.renamed(from: "b", to: "c")])
    #expect(set.files.map(\.place.path) == ["a", "c"])

    place.path = "c"
    #expect(set.update([found("c", inode: 2, size: 8)]) == [.gone(set.files[0].place), .emptied(place)])
    #expect(set.files.map(\.isGone) == [true, false])
    #expect(set.files.map(\.place.offset) == [0, 0])
    #expect(set.update([found("c", inode: 2, size: 8)]) == [], "what is gone is told once")

    #expect(set.update([found("a", inode: 1, size: 5), found("c", inode: 3, size: 1)]).count == 2)
    #expect(set.files.map(\.isGone) == [false, true, false])
    set.forget(1)
    #expect(set.files.map(\.place.identity.inode) == [1, 3])
  }

  @Test func aSecondNameOfAFileIsNoSecondFile() {
    var set = FileSet()
    #expect(set.update([found("a", inode: 1, size: 1), found("b", inode: 1, size: 1)]).count == 1)
  }

  @Test func positionsHoldFilesThatWereBegun() throws {
    var set = FileSet()
    for name in ["a", "b", "c"] { set.add(FilePlace(path: name, identity: FileIdentity(device: 1, inode: 7))) }
    #expect(set.position.value == ["files": []])
    var place = set.files[1].place
    place.offset = 12
    place.line = 3
    place.head = Fingerprint([1, 2, 3])
    place.tail = Fingerprint([9])
    place.completeSize = 40
    set.move(1, to: place, readTo: 20)
    let saved = Position(format: FilePlace.format, value: try Value(json: set.position.value.json))
    place.identity.device = 0
    #expect(try FilePlace.places(in: saved) == [place])
  }
}
