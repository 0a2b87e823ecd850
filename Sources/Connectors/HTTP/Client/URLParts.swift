/// The parts of an address that is sent as it is.
struct URLParts: Equatable {
  var scheme: Substring
  /// With the port where one is named; without name and password.
  var host: Substring
  var path: Substring
  var query: Substring
  /// Whether a name, and perhaps a password, stands in front of the host.
  var hasUser: Bool

  /// nil where it is no address of HTTP.
  init?(_ text: String) {
    guard let colon = text.firstRange(of: "://") else { return nil }
    scheme = text[..<colon.lowerBound]
    guard ["http", "https"].contains(scheme.lowercased()) else { return nil }
    let rest = text[colon.upperBound...].prefix { $0 != "#" }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    if host.isEmpty { return nil }
    hasUser = authority.contains("@")
    let behind = rest[authority.endIndex...]
    path = behind.prefix { $0 != "?" }
    query = behind[path.endIndex...].dropFirst()
  }

  /// What a server's reference, an address or a path from the root, leads to, seen from this address; nil where that is on
  /// another host, or without the TLS that this has.
  func onSameHost(_ reference: String) -> String? {
    let reference = reference.prefix { $0 != "#" }
    if reference.hasPrefix("//") { return onSameHost("\(scheme):\(reference)") }
    if let other = URLParts(String(reference)) {
      let isAsSafe = other.scheme.lowercased() == scheme.lowercased() || other.scheme.lowercased() == "https"
      return isAsSafe && !other.hasUser && other.host.lowercased() == host.lowercased() ? String(reference) : nil
    }
    if reference.hasPrefix("/") { return "\(scheme)://\(host)\(reference)" }
    return reference.hasPrefix("?") ? "\(scheme)://\(host)\(path)\(reference)" : nil
  }

  /// Without what may be a secret, for people.
  var shown: String { "\(scheme)://\(host)\(path)" }
}
