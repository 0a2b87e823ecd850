import ConnectorKit
import Glibc
import Records
import Testing

@testable import Connectors

/// A file system of its own, so small that it fills up.
private final class SmallDisk {
  let folder: TemporaryFolder

  /// nil where this user may not mount.
  init?(bytes: Int) throws {
    folder = try TemporaryFolder()
    guard mount("none", folder.path, "tmpfs", 0, "size=\(bytes)") == 0 else { return nil }
  }

  deinit { umount2(folder.path, 2) }
}

private let mayMount = (try? SmallDisk(bytes: 1 << 16)) != nil

@Suite(.enabled(if: mayMount, "needs the right to mount a small file system (run as root)"))
struct FullDiskTests {
  @Test("A full disk is waited for, and leaves no torn row", arguments: ["a.ndjson", "b.ndjson.gz"])
  func fullDisk(_ name: String) async throws {
    for write in ["replace", "append"] {
      let disk = try #require(try SmallDisk(bytes: 1 << 20))
      let target = try fileTarget(disk.folder, ["path": .string(name), "write": .string(write)])
      _ = try await target.open(at: nil)
      let texts = (0..<64).map { [noise($0)] }
      let encoder = try target.makeEncoder(Columns(names: ["text"]))

      var written: [String] = []
      var failure: ConnectorError?
      for text in texts {
        do {
          _ = try await target.write([payload([text], encoder)])
          // Without this a packed target may hold it in memory still.
          _ = try await target.flush()
          written += text.compactMap { $0 }
        } catch let error as ConnectorError {
          failure = error
          break
        }
      }
      let full = try #require(failure)
      #expect(full.code == "file.disk_full")
      #expect(full.remedy == .retry(after: nil))

      unlink(disk.folder.path("ballast"))
      #expect(mount("none", disk.folder.path, "tmpfs", UInt(MS_REMOUNT), "size=8388608") == 0)
      _ = try await target.write([payload([["the end"]], encoder)])
      _ = try await target.flush()
      try await target.finish()
      await target.close()
      let texts2 = try await read(fileSource(disk.folder, ["path": .string(name)])).records.compactMap {
        $0["text"]?.string
      }
      #expect(texts2.last == "the end")
      #expect(Array(texts2.prefix(written.count)) == written)
      #expect(texts2.count <= written.count + 2)
    }
  }
}
