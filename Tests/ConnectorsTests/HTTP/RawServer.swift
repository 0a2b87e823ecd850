import Foundation
import Glibc
import Synchronization

/// Listens on a port of its own and hands each connection, with its number from 0, to a test, on a thread a connection.
final class RawServer: Sendable {
  let port: Int
  /// nil once it is stopped: a descriptor that was closed soon belongs to others.
  private let listener: Mutex<Int32?>

  init(_ serve: @escaping @Sendable (Int32, Int) -> Void) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let ok = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(listener, place, length) == 0 && listen(listener, 512) == 0 && getsockname(listener, place, &length) == 0
      }
    }
    guard ok else { throw POSIXError(.EADDRINUSE) }
    self.listener = Mutex(listener)
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread {
      var number = 0
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
          close(listener)
          return
        }
        let own = number
        number += 1
        Thread.detachNewThread {
          serve(connection, own)
          close(connection)
        }
      }
    }
  }

  deinit { stop() }

  func stop() {
    let open = listener.withLock { listener in
      defer { listener = nil }
      return listener
    }
    // Closed by the thread that accepts on it, which would otherwise wait on whatever has the number next.
    if let open { shutdown(open, Int32(SHUT_RDWR)) }
  }

  var url: String { "http://127.0.0.1:\(port)" }

  /// - Parameter flags: `MSG_MORE` holds it back until more is sent, or the connection is closed.
  static func send(_ connection: Int32, _ text: String, flags: Int32 = 0) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | flags)
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// What comes up to the empty line, with what came with it; nil at the end of the connection.
  static func readHead(_ connection: Int32) -> String? {
    var bytes: [UInt8] = []
    while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
