import Glibc

/// What the system says about a file.
package struct FileInfo: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case file, folder, pipe, other
  }

  package var kind: Kind
  /// In bytes.
  package var size: UInt64
  package var identity: FileIdentity
  /// The permission bits.
  package var mode: UInt32

  /// An ordinary file, for whoever has none at hand.
  package init(size: UInt64, identity: FileIdentity) {
    kind = .file
    self.size = size
    self.identity = identity
    mode = 0o644
  }

  init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    case S_IFIFO: kind = .pipe
    default: kind = .other
    }
    size = UInt64(max(status.st_size, 0))
    identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    mode = status.st_mode & 0o7777
  }
}

/// What stays the same when a file is renamed. A number may come back for another file after this one is removed.
package struct FileIdentity: Sendable, Hashable {
  package var device: UInt64
  package var inode: UInt64

  package init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }
}
