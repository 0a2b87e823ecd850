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
}
