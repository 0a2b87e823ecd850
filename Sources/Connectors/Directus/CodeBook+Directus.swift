import Records

extension CodeBook {
  /// What Directus raises beside what every server over HTTP does.
  static let directus: [Entry] = [
    Entry(
      "directus.forbidden", "something in Directus that may not be seen",
      "Directus answered 403. It says so of what the role may not do, and of collections, fields and items that do not "
        + "exist.",
      remedy: "Check the names, and the role's permissions in Directus."),
    Entry(
      "directus.no_key", "an item without its key", "The field that `key` names is not in the items, or no row.",
      remedy: "Set key to the collection's primary key, and let fields hold it."),
    Entry(
      "directus.refused", "a request that Directus refuses",
      "It answered that the request is wrong; the message has its words.",
      remedy: "Check url, collection, fields and filter."),
    Entry(
      "directus.row_refused", "a row that Directus refuses",
      "The item breaks a rule of the collection; the message says which.",
      remedy: "Mend the mapping or the record, and replay the letter."),
    Entry(
      "directus.unauthorized", "a Directus that does not know who asks", "It answered 401.",
      remedy: "Check the token or the login under auth."),
  ]
}
