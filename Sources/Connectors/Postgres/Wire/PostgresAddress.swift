import CPQ
import ConnectorKit

/// A connection string as people may see it: host, port, database and user, nothing else.
struct PostgresAddress: Sendable, CustomStringConvertible {
  let description: String

  /// - Throws: where libpq cannot read the string. Its own message may quote a part of it, so it is not repeated.
  init(_ url: Secret) throws(ConnectorError) {
    guard let options = PQconninfoParse(url.reveal(), nil) else {
      throw ConnectorError(
        "postgres.bad_url", "The url is no connection string that libpq can read.", remedy: .stop,
        hint: "Write postgres://user:password@host:5432/database, or host=... dbname=...; escape special characters "
          + "of a password as %XX in a url.")
    }
    defer { PQconninfoFree(options) }
    var found: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    description = Self.text(found)
  }

  private static func text(_ options: [String: String]) -> String {
    if let service = options["service"], options["host"] == nil { return "service \(service)" }
    let host = options["host"] ?? options["hostaddr"] ?? "localhost"
    let port = options["port"].map { ":\($0)" } ?? ""
    let user = options["user"].map { "\($0)@" } ?? ""
    return "postgres://\(user)\(host)\(port)/\(options["dbname"] ?? "")"
  }
}
