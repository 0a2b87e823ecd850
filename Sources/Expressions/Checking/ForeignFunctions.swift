/// What people call functions in other languages, and what is written for it here.
enum ForeignFunctions {
  /// The mend for a name that is no function; nil where the name says nothing.
  static func mend(for name: String) -> String? { mends[name.lowercased().filter { $0 != "_" }] }

  private static let mends: [String: String] = Dictionary(
    uniqueKeysWithValues: groups.flatMap { names, mend in names.map { ($0, mend) } })

  private static let groups: [([String], String)] = [
    (["length", "len", "count", "strlen", "cardinality"], "write size(…)"),
    (["ucase", "toupper", "touppercase"], "write ….upperAscii(), or ….upper() for all letters"),
    (["lcase", "tolower", "tolowercase"], "write ….lowerAscii(), or ….lower() for all letters"),
    (["strip", "btrim"], "write ….trim()"),
    (["substr", "mid", "slice"], "write ….substring(from, to)"),
    (["concat"], "write + between texts"),
    (["ifnull", "nvl", "isnull", "default", "nullif"], "write coalesce(value, other)"),
    (["iif", "ifelse", "decode"], "write condition ? this : that"),
    (["str", "tostring", "text", "varchar"], "write string(…)"),
    (["integer", "parseint", "toint", "bigint", "number", "tonumber"], "write int(…), or decimal(…) for fractions"),
    (["float", "parsefloat", "tofloat"], "write double(…), or decimal(…) to keep every digit"),
    (["numeric", "money"], "write decimal(…)"),
    (["todate", "strptime", "parsedate"], "write date.parse(text, 'dd.MM.yyyy') or timestamp.parse(text, pattern)"),
    (["strftime", "tochar", "dateformat", "formatdate"], "write ….format('dd.MM.yyyy')"),
    (["regexmatch", "regexplike", "match", "like"], "write ….matches('pattern')"),
    (["includes"], "write ….contains(…) for a text, and value in list for a list"),
    (["tojson", "stringify"], "write json.format(…)"), (["fromjson", "parsejson"], "write json.parse(…)"),
    (["md5", "sha1", "sha256", "digest"], "write hash.sha256(…)"),
    (
      ["now", "today", "currenttimestamp", "currentdate", "sysdate", "getdate"],
      "an event gives the same output whenever it is replayed: meta.time says when it happened, meta.ingested_at when it came"
    ),
    (
      ["random", "rand", "uuid", "uuidv4", "newid"],
      "an event gives the same output whenever it is replayed: uuid.v5(namespace, text) makes the same id of the same text"
    ),
  ]
}
