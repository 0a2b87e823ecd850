import ConnectorKit

/// Where an API gives back the rows that its target stored: all in a list, one by its key, or both.
struct ReadBackSettings: SettingGroup {
  @Setting("The address of a listing of all rows.", example: "https://shop.example/products") var url: Secret?
  @Setting(
    "Where in an answer the array of rows stands: a JSON pointer; without it the answer is the array.", example: "/data"
  )
  var records: String?
  @Setting("How an answer goes on in another.", example: "{page: {size_parameter: per_page}}") var pages:
    PagingSettings?
  @Setting(
    "The address of one row, with the columns of the key; without a listing the rows of the source's keys are asked for, and "
      + "what is there beside them stays unseen.", example: "https://shop.example/products/{sku}")
  var item: Secret?
  @Setting(
    "Where in the answer about one row the row stands: a JSON pointer; without it the answer is the row.",
    example: "/data"
  )
  var record: String?

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if let url, !url.reveal().hasPrefix("${"), URLParts(url.reveal()) == nil {
      problems.append(Problem("read.url", "is no address of HTTP", hint: "write https://api.example/products"))
    }
    if let item { problems += RequestCheck.problems(ofURL: item.reveal(), at: "read.item") }
    if url == nil, item == nil {
      problems.append(
        Problem(
          "read", code: "config.missing_key", "names no address",
          hint: "say where rows are listed, url: https://api.example/products, or where one is, item: https://…/{id}"))
    }
    for (name, isGiven, other) in [
      ("records", records != nil && url == nil, "url"), ("pages", pages != nil && url == nil, "url"),
      ("record", record != nil && item == nil, "item"),
    ] where isGiven {
      problems.append(
        Problem("read.\(name)", code: "config.conflict", "belongs to `\(other)`", hint: "name \(other) too"))
    }
    let pointers = [
      ("read.records", records), ("read.pages.cursor.at", pages?.cursor?.at), ("read.pages.next", pages?.next),
      ("read.record", record),
    ]
    for (name, pointer) in pointers {
      guard let pointer, !pointer.hasPrefix("/"), !pointer.hasPrefix("${") else { continue }
      problems.append(Problem(name, "is no JSON pointer", hint: "write it with a slash in front: /data"))
    }
    return problems
  }
}
