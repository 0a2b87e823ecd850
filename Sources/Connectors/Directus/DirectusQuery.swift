import Records

/// What is asked of a collection.
struct DirectusQuery: Equatable, Sendable {
  var collection: String
  var fields: [String]
  /// Conditions that all hold.
  var filters: [Value]
  var sort: [String]
  var limit: Int

  /// `/items/products?…`; Directus' own collections have places of their own.
  static func path(of collection: String) -> String {
    let system = "directus_"
    return collection.hasPrefix(system)
      ? "/" + PercentCode.encoded(String(collection.dropFirst(system.count)))
      : "/items/" + PercentCode.encoded(collection)
  }

  var path: String {
    var parts = [("fields", fields.joined(separator: ",")), ("limit", "\(limit)")]
    if !sort.isEmpty { parts.append(("sort", sort.joined(separator: ","))) }
    if filters.count == 1 {
      parts.append(("filter", filters[0].json))
    } else if !filters.isEmpty {
      parts.append(("filter", Value.object([.init("_and", .array(filters))]).json))
    }
    return Self.path(of: collection) + "?"
      + parts.map { "\($0.0)=\(PercentCode.encoded($0.1, keeps: ",*:"))" }.joined(separator: "&")
  }

  /// `{"price": {"_gt": 5}}`
  static func condition(_ field: String, _ comparison: String, _ value: Value) -> Value {
    .object([.init(field, .object([.init(comparison, value)]))])
  }

  /// Behind an item in the order of a field and of the key among equal ones.
  static func behind(_ field: String, _ value: Value, _ key: String, _ keyValue: Value) -> Value {
    .object([
      .init(
        "_or",
        .array([
          condition(field, "_gt", value),
          .object([.init("_and", .array([condition(field, "_eq", value), condition(key, "_gt", keyValue)]))]),
        ]))
    ])
  }
}
