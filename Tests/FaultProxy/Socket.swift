import Glibc

/// A call to the kernel that failed.
package struct SocketFailure: Error, CustomStringConvertible {
  package let description: String

  init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}

/// A TCP socket on 127.0.0.1 that never waits; closed by its owner.
struct Socket {
  let descriptor: Int32

  private init() throws(SocketFailure) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if descriptor < 0 { throw SocketFailure("socket") }
  }

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// On a port that was free.
  static func listening() throws(SocketFailure) -> Socket {
    let socket = try Socket()
    guard socket.withAddress(port: 0, bind) == 0, listen(socket.descriptor, 64) == 0 else {
      throw SocketFailure("listen")
    }
    socket.neverWait()
    return socket
  }

  static func connected(to port: UInt16) throws(SocketFailure) -> Socket {
    let socket = try Socket()
    guard socket.withAddress(port: port, connect) == 0 else {
      close(socket.descriptor)
      throw SocketFailure("connect")
    }
    socket.neverWait()
    return socket
  }

  /// nil where nobody waits to be accepted.
  func accepted() -> Socket? {
    let found = accept(descriptor, nil, nil)
    if found < 0 { return nil }
    let socket = Socket(found)
    socket.neverWait()
    return socket
  }

  var port: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private func withAddress(
    port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
        body(descriptor, general, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private func neverWait() {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }
}

extension Socket {
  /// Ends it; with a reset, the other side learns of it by an error.
  func end(reset: Bool) {
    if reset {
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }
    close(descriptor)
  }

  /// Lets the kernel drop every packet that arrives, before TCP sees and acknowledges it, or stop doing so.
  func deafen(_ isDeaf: Bool) {
    var drop = FilterInstruction()
    withUnsafeMutablePointer(to: &drop) { instruction in
      var program = FilterProgram(instructions: instruction)
      setsockopt(
        descriptor, SOL_SOCKET, isDeaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &program,
        socklen_t(MemoryLayout<FilterProgram>.size))
    }
  }
}

/// `struct sock_filter` of linux/filter.h, which Swift does not import: keep 0 bytes of any packet.
private struct FilterInstruction {
  /// `BPF_RET | BPF_K`
  var code: UInt16 = 0x06
  var jumps: UInt16 = 0
  var value: UInt32 = 0
}

/// `struct sock_fprog`.
private struct FilterProgram {
  var count: UInt16 = 1
  var instructions: UnsafeMutablePointer<FilterInstruction>
}
