import CEpoll
import Glibc
import Records

/// A server that requests go to.
struct HTTPOrigin: Equatable {
  var isTLS: Bool
  /// A name, or an address without brackets.
  var host: String
  var port: UInt16
  /// As the header `Host` has it.
  var authority: String

  /// nil where the address needs what only libcurl does: a name and password in it, or letters beyond ASCII.
  init?(_ parts: URLParts) {
    guard !parts.hasUser, parts.host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
    isTLS = parts.scheme.lowercased() == "https"
    authority = String(parts.host)
    var (name, number) = (parts.host, Substring(isTLS ? "443" : "80"))
    if let colon = parts.host.lastIndex(of: ":"), !parts.host[colon...].contains("]") {
      (name, number) = (parts.host[..<colon], parts.host[parts.host.index(after: colon)...])
    }
    if name.first == "[" {
      guard name.last == "]" else { return nil }
      name = name.dropFirst().dropLast()
    } else if name.contains(":") {
      return nil
    }
    guard !name.isEmpty, let port = UInt16(number), port > 0 else { return nil }
    (host, self.port) = (String(name), port)
  }
}

/// Where a socket connects to.
struct SocketAddress {
  private var storage = sockaddr_storage()
  private let length: socklen_t
  var family: Int32 { Int32(storage.ss_family) }

  private init(_ info: addrinfo) {
    length = info.ai_addrlen
    withUnsafeMutableBytes(of: &storage) { room in
      room.copyMemory(from: UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
    }
  }

  /// All addresses of a host, in the order in which they are to be tried. Waits for the system's resolver.
  static func resolve(_ host: String, _ port: UInt16) throws(TransferFailure) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, "\(port)", &hints, &found)
    guard result == 0 else {
      throw TransferFailure(.unreachable, "the host is not known (\(String(cString: gai_strerror(result))))")
    }
    defer { freeaddrinfo(found) }
    var addresses: [SocketAddress] = []
    var next = found
    while let info = next {
      addresses.append(SocketAddress(info.pointee))
      next = info.pointee.ai_next
    }
    return addresses
  }

  /// Begins to connect; false, with `errno`, where that failed at once.
  func connect(_ descriptor: Int32) -> Bool {
    withUnsafeBytes(of: storage) { bytes in
      guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return Glibc.connect(descriptor, address, length) == 0 || errno == EINPROGRESS
    }
  }
}
