import ConnectorKit
import Glibc
import Records
import Testing

/// A folder of a test's own, emptied and removed when the test ends.
private final class Folder {
  let path: String

  init() throws {
    var template = Array("/tmp/millrace-tests-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
    try #require(isMade)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in (try? Files.names(in: path)) ?? [] { remove(self[name]) }
    rmdir(path)
  }

  subscript(name: String) -> String { Files.join(path, name) }

  func text(_ name: String) throws -> String {
    let file = try DurableFile(self[name], for: .reading)
    return try String(decoding: file.read(at: 0, count: Int(file.info().size)), as: UTF8.self)
  }
}

private func replace(_ path: String, with text: String) throws {
  var buffer = ByteBuffer()
  buffer.append(text)
  try Files.replace(path, with: buffer.bytes)
}

@Suite struct FilesTests {
  @Test func replacesAsAWhole() throws {
    let folder = try Folder()
    try replace(folder["a"], with: "one")
    chmod(folder["a"], 0o600)
    let before = try DurableFile(folder["a"], for: .reading)
    try replace(folder["a"], with: "2")
    #expect(try folder.text("a") == "2")
    #expect(try before.read(at: 0, count: 10) == Array("one".utf8), "whoever has it open keeps the old contents")
    #expect(try Files.info(folder["a"])?.mode == 0o600)
    #expect(try Files.names(in: folder.path) == ["a"])
    symlink("a", folder["link"])
    try replace(folder["link"], with: "3")
    #expect(try folder.text("a") == "3")
  }

  @Test func writesPartsInOrder() throws {
    let folder = try Folder()
    let file = try DurableFile(folder["a"], for: .writing)
    var digits = ByteBuffer()
    digits.append("0123456789012")
    // More parts than the system takes at once, empty ones among them.
    let parts = (0..<3_000).map { UnsafeRawBufferPointer(start: digits.base + $0 % 10, count: $0 % 4) }
    try file.write(parts)
    #expect(try folder.text("a") == parts.map { String(decoding: $0, as: UTF8.self) }.joined())
    #expect(try file.info().size == 4_500)
  }

  @Test func goesOnAfterShortWrites() async throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (output, input) = (ends[0], ends[1])
    _ = fcntl(input, F_SETFL, O_NONBLOCK)
    // Parts that the pipe takes in pieces.
    let reader = Task.detached { () -> [UInt8] in
      var bytes: [UInt8] = []
      while bytes.count < 3 * 100_003 {
        var room = [UInt8](repeating: 0, count: 5_001)
        let count = read(output, &room, room.count)
        if count > 0 { bytes += room[..<count] }
      }
      return bytes
    }
    let expected = (0..<3 * 100_003).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    try expected.withUnsafeBytes { all in
      let parts = (0..<3).map { UnsafeRawBufferPointer(rebasing: all[$0 * 100_003..<($0 + 1) * 100_003]) }
      try DurableFile(descriptor: input, name: "pipe").write(parts)
    }
    #expect(await reader.value == expected)
    close(output)
    close(input)
  }

  @Test func locksAreForOne() throws {
    let folder = try Folder()
    let one = try DurableFile(folder["a"], for: .writing)
    try one.lock()
    let two = try DurableFile(folder["a"], for: .appending)
    #expect(throws: FileError(.lock, folder["a"], EWOULDBLOCK)) { try two.lock() }
  }

  @Test func aLockEndsWithItsFileWhoeverElseHasItOpen() throws {
    let folder = try Folder()
    var one: DurableFile? = try DurableFile(folder["a"], for: .writing)
    try one?.lock()
    // As a child has it between its start and the program that it becomes.
    let childs = dup(try #require(one).descriptor)
    defer { close(childs) }
    one = nil
    #expect(throws: Never.self) { try DurableFile(folder["a"], for: .writing).lock() }
  }

  @Test func errorsSayWhatToDo() throws {
    let folder = try Folder()
    let cases: [(Int32, FileError.Action, String, ConnectorError.Remedy)] = [
      (ENOENT, .open, "file.not_found", .stop), (EACCES, .open, "file.permission_denied", .stop),
      (EROFS, .open, "file.read_only", .stop), (EISDIR, .write, "file.is_folder", .stop),
      (ENOSPC, .write, "file.disk_full", .retry(after: nil)), (EDQUOT, .write, "file.disk_full", .retry(after: nil)),
      (EMFILE, .open, "file.too_many_open", .retry(after: nil)), (EIO, .sync, "file.sync_failed", .stop),
      (EIO, .read, "file.read_failed", .stop), (EIO, .write, "file.write_failed", .stop),
    ]
    for (number, action, code, remedy) in cases {
      let error = FileError(action, folder["a"], number).connectorError
      #expect(error.code == code)
      #expect(error.remedy == remedy)
      #expect(error.message.contains(folder["a"]))
    }
    #expect(throws: FileError(.open, folder["none"], ENOENT)) { try DurableFile(folder["none"], for: .reading) }
    #expect(try Files.info(folder["none"]) == nil)
    try Files.remove(folder["none"])
  }

  @Test func namesAndFolders() throws {
    let folder = try Folder()
    try Files.makeFolder(folder["a"])
    try Files.makeFolder(folder["a"])
    #expect(try Files.info(folder["a"])?.kind == .folder)
    #expect(Files.join("/x", "y") == "/x/y")
    #expect(Files.join("/x/", "y") == "/x/y")
    #expect(Files.join("/x", "/y") == "/y")
    #expect(Files.folder(of: "/x") == "/")
    #expect(Files.folder(of: "x") == ".")
    #expect(Files.folder(of: "/x/y/z") == "/x/y")
    #expect(Files.name(of: "/x/y") == "y")
    #expect(Files.partial(of: "/x/y") == "/x/.y.millrace-partial")
  }
}
