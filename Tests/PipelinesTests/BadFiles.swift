/// Files that are wrong, by what they show. What is said about each stands in `Goldens`.
enum BadFiles {
  static let groups: [(name: String, cases: [(String, String)])] = [
    ("yaml", yaml), ("pipeline", pipelines), ("mappings", mappings), ("transforms", transforms), ("retry", retry),
    ("mistakes", mistakes),
    ("connectors", connectors),
  ]

  static let yaml: [(String, String)] = [
    ("empty", ""), ("only a comment", "# nothing\n"), ("an empty document", "---\n"), ("a scalar", "hello\n"),
    ("a list", "- name: x\n"),
    ("a tab for indentation", "source:\n\ttype: file\n"),
    ("a tab behind spaces", "source:\n  type: file\n \tpath: x\n"),
    ("a duplicate key", pipeline("name: again")),
    ("a duplicate key deep inside", pipeline(mappings: "{id: record.id, id: record.sku}")),
    ("a merge key", "base: &base {type: file}\nsource:\n  <<: *base\n  path: in.ndjson\n"),
    ("a custom tag", pipeline("description: !env DESCRIPTION")), ("a standard tag", pipeline("description: !!str 5")),
    ("a tag on a required key", pipeline().replacing("name: products", "name: !product products")),
    ("a tag on a required setting", pipeline().replacing("path: in.ndjson", "path: !path in.ndjson")),
    ("a tag on the mappings", pipeline(mappings: "!map {id: record.id}")),
    ("several documents", pipeline("---\nname: second")),
    ("a colon inside a value", pipeline("description: keeps: the shop in step")),
    ("a comment inside a value", pipeline("transforms:\n  - filter: record.name == \"a #b\"")),
    ("a comment in place of a value", pipeline("description: #fff")),
    ("an unclosed quote", "name: \"products\nsource: x\n"), ("an unknown escape", "name: \"a\\d\"\n"),
    ("a reserved character", "name: @products\n"), ("a star as a key", pipeline(mappings: "\n  *: all")),
    ("an unknown alias", pipeline("description: *text")), ("an alias inside itself", "name: &a [x, *a]\n"),
    ("a reference inside braces", "source: {type: queue, url: ${QUEUE_URL}}\n"),
    ("a bracket left open", "mappings: {id: record.id\ntarget: x\n"), ("a missing colon", "name: x\nsource\n"),
    ("bad indentation", "source:\n  type: file\n path: x\n"),
    ("a key that is a list", "? [a, b]\n: x\nname: y\n"),
    ("a control character", "name: a\u{1}b\n"), ("nesting too deep", String(repeating: "[", count: 100)),
    ("nesting too deep in a key", "? " + String(repeating: "[", count: 100)),
    ("nesting too deep by aliases", aliasChain), ("aliases that explode", aliasBomb),
    ("a long line", "name: \(String(repeating: "x", count: 500)): y\n"),
  ]

  /// Each line ten times the one before.
  private static let aliasBomb =
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + zip("bcdefghij", "abcdefghi").map { new, old in
      "\(new): &\(new) [\(Array(repeating: "*\(old)", count: 10).joined(separator: ", "))]\n"
    }.joined()

  private static let aliasChain =
    "a0: &a0 [x]\n" + (1..<80).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()

  static let pipelines: [(String, String)] = [
    ("nothing that is needed", "description: x\n"), ("unknown keys", "nmae: x\nsorce: {type: file}\nschedule: daily\n"),
    ("keys without values", "name:\nsource:\nmappings:\ntarget:\n"),
    ("a name for no file", "name: a/b\n" + rest), ("a name that is a number", "name: 5\n" + rest),
    ("a version from the future", pipeline("millrace: 2")), ("a version as text", pipeline("millrace: \"1\"")),
    ("a source as a word", "name: x\nsource: file\nmappings: all\ntarget: {type: file, path: o}\n"),
    ("a list of sources", "name: x\nsource: [a.ndjson]\nmappings: all\ntarget: {type: file, path: o}\n"),
    ("limits", pipeline("limits: {in_flight: 64M, rate: 5000}")),
    (
      "limits below a batch",
      pipeline("limits: {in_flight: 2MiB}").replacing("out.ndjson}", "out.ndjson, batch: {bytes: 4MiB}}")
    ),
    ("a checkpoint without unit", pipeline("checkpoint: {every: 5}")),
    ("numbers as keys", pipeline("5: x\ntrue: y\n~: z")),
    ("tests without names and expectations", pipeline("tests:\n  - given: []\n  - name: a\n    given: [{op: insert}]")),
    ("tests of one name", pipeline("tests:\n  - &t {name: a, given: [], expect: []}\n  - *t")),
    (
      "many things at once",
      "nam: x\nsource: {type: file, pth: in, format: JSON}\nmappings: {id: recrod.id}\ntarget: {type: file, lanes: two}\n"
        + "retry: {delays: [1]}\n"
    ),
  ]

  private static let rest = "source: {type: file, path: i}\nmappings: all\ntarget: {type: file, path: o}\n"

  static let mappings: [(String, String)] = [
    ("a list", pipeline(mappings: "\n  - id: record.id")), ("empty", pipeline(mappings: "{}")),
    ("a slip of all", pipeline(mappings: "al")),
    ("a star that drops", pipeline(mappings: "{\"*\": drop, id: record.id}")),
    ("a star that is a path", pipeline(mappings: "{\"*\": record}")),
    ("drop without all", pipeline(mappings: "{id: record.id, note: drop}")),
    ("all for a field", pipeline(mappings: "{id: all}")),
    (
      "values that nothing matches",
      pipeline(
        mappings:
          "\n  a: {from: record.a, values: {1: x, 1.0: y, 2: z}}\n  b: {from: record.b > 5, values: {yes: x, true: y}}\n"
          + "  c: {from: int(record.c), values: {\"1\": x}, otherwise: z}\n  d: {from: string(record.d), values: {\"1\": x}}"
      )
    ),
    (
      "casts that lose or never succeed",
      pipeline(
        mappings: "\n  a: {from: double(record.a) * 2.0, as: int}\n  b: {from: record.b > 5, as: timestamp}\n"
          + "  c: {from: timestamp(record.c), as: date}\n  d: {from: decimal(record.d), as: double}\n"
          + "  e: {from: \"[record.e]\", as: string}\n  f: {from: \"record.?f.optMap(x, int(x))\", as: uuid}\n"
          + "  g: {from: timestamp(record.g), as: epoch_ms}")
    ),
    ("a field without value", pipeline(mappings: "\n  id:\n  sku: record.sku")),
    ("a number for a path", pipeline(mappings: "{id: record.id, shop: 5}")),
    ("a reference for a number", pipeline(mappings: "{id: {from: record.id, max_length: \"${LENGTH}\"}}")),
    ("a broken reference in a constant", pipeline(mappings: "{shop: {const: \"${SHOP\"}}")),
    ("a list for a path", pipeline(mappings: "{id: [record.id]}")),
    ("keys that are no text", pipeline(mappings: "{1: record.id, true: record.sku}")),
    ("a field without record", pipeline(mappings: "{id: id}")),
    ("an unknown part of meta", pipeline(mappings: "{t: meta.tiem}")),
    ("neither from nor const", pipeline(mappings: "{id: {trim: true}}")),
    ("from and const", pipeline(mappings: "{id: {from: record.id, const: 1}}")),
    ("steps behind const", pipeline(mappings: "{shop: {const: main, trim: true, default: x}}")),
    (
      "steps that miss another",
      pipeline(mappings: "{a: {from: record.a, otherwise: x, truncate: true, on_error: default}}")
    ),
    ("an unknown cast", pipeline(mappings: "{a: {from: record.a, as: integer}}")),
    ("text steps on numbers", pipeline(mappings: "{a: {from: record.a, as: int, trim: true, max_length: 5}}")),
    (
      "defaults of another type",
      pipeline(
        mappings: "{a: {from: record.a, as: int, default: none}, b: {from: record.b, as: date, default: 2024-02-30}}")
    ),
    ("a default longer than allowed", pipeline(mappings: "{a: {from: record.a, max_length: 3, default: none}}")),
    ("required and default", pipeline(mappings: "{a: {from: record.a, required: true, default: 0}}")),
    ("a length of nothing", pipeline(mappings: "{a: {from: record.a, max_length: 0}}")),
    ("words for booleans", pipeline(mappings: "{a: {from: record.a, trim: yes, default: no}}")),
    (
      "values",
      pipeline(
        mappings:
          "{a: {from: record.a, values: {no: Norway, 007: Bond}}, b: {from: record.b, values: {}}, c: {from: record.c, values: [a]}}"
      )
    ),
    ("values of mixed kinds", pipeline(mappings: "{a: {from: record.a, values: {1: one, \"2\": two}}}")),
    (
      "units",
      pipeline(
        mappings:
          "{a: {from: record.a, unit: kg}, b: {from: record.b, unit: kgs -> g}, c: {from: record.c, unit: kg -> l}, d: {from: record.d, unit: EUR -> USD}}"
      )
    ),
    ("a unit for texts", pipeline(mappings: "{a: {from: record.a, values: {s: small}, unit: kg -> g}}")),
    ("an unknown step", pipeline(mappings: "{a: {from: record.a, maxlength: 5, uppercase: true}}")),
  ]

  static let transforms: [(String, String)] = [
    (
      "unknown ones",
      pipeline("transforms:\n  - deduplicate: {by: meta.event_id}\n  - fliter: record.a == 1\n  - sed: {}")
    ),
    ("no mapping", pipeline("transforms: [record.a == 1]")),
    ("no list", pipeline("transforms: {filter: record.a == 1}")),
    ("two in one", pipeline("transforms:\n  - filter: record.a == 1\n    explode: record.b")),
    ("a single equals sign", pipeline("transforms:\n  - filter: record.a = 1")),
    ("no text", pipeline("transforms:\n  - filter: true")), ("a name alone", pipeline("transforms:\n  - name: x")),
    ("what cannot be changed", pipeline("transforms:\n  - unset: [meta.time, record, \"record.a[0]\", record.a + 1]")),
    ("members that are none", pipeline("transforms:\n  - set: {a: 1, record.b: recrod.c}\n  - rename: {old: new}")),
    ("a share", pipeline("transforms:\n  - sample: 0.1\n  - sample: 150%\n  - sample: {share: 5%, by: recrod.id}")),
    (
      "a way without an end",
      pipeline("transforms:\n  - route: {when: record.a == 1, to: nirvana}\n  - route: {to: drop}")
    ),
    (
      "conditions that hold for none",
      pipeline(
        "transforms:\n  - filter: record.a == 1 && record.b == 2 && record.a == 2\n  - filter: record.kind in ['x', 'y'] && !(record.kind == 'x') && record.kind != 'y'\n  - filter: record.n > 5 && (record.n <= 5 || record.m < 0)\n  - filter: \"'m' < record.s && record.s < 'a'\""
      )
    ),
    (
      "conditions that hold for all",
      pipeline(
        "transforms:\n  - filter: record.kind != 'a' || record.kind != 'b'\n  - filter: record.n < 5 || record.ok || record.n >= 5\n  - filter: record.kind != 'a' && record.kind != 'b'\n  - filter: record.n > 5 && record.n < 7 || record.n == 9"
      )
    ),
    (
      "filters against each other",
      pipeline(
        "transforms:\n  - filter: record.kind == 'a'\n  - dedupe: record.id\n  - filter: record.ok && record.kind == 'b'\n  - set: {record.kind: \"'b'\"}\n  - filter: record.kind == 'b'"
      )
    ),
    ("what repeats, by nothing", pipeline("transforms:\n  - dedupe: {window: 10m}\n  - dedupe: []\n  - dedupe: 5")),
    (
      "what repeats, in other words",
      pipeline(
        "transforms:\n  - dedupe: {by: recrod.id, window: 10, records: 0}\n"
          + "  - dedupe: {by: [record.id, meta.evnt_id], time: record.at}\n  - dedupe: {key: record.id, ttl: 1h}")
    ),
    (
      "what repeats among parts", pipeline("transforms:\n  - explode: record.lines\n  - dedupe: record.lines.id")
    ),
    (
      "what repeats, within a time of events that have none",
      pipeline("transforms:\n  - dedupe: {by: record.id, window: 10m}")
    ),
    ("an assertion", pipeline("transforms:\n  - assert: {that: record.a + 1, mesage: x}")),
  ]

  /// What people get wrong in expressions, most often first; and the place is right in every style that YAML has.
  static let mistakes: [(String, String)] = [
    ("a field without record", mapped("price * 100")), ("record misspelt", mapped("rceord.price")),
    ("a part of meta misspelt", mapped("meta.evnt_id + 'x'")), ("text and number", mapped("\"'id-' + 5\"")),
    ("a text first", mapped("'id-' + record.id")),
    ("int and double", mapped("5 * 1.5")), ("null in a sum", mapped("1 + null")),
    ("text without quotes", filtered("record.kind == physical")),
    ("a single equals sign", filtered("record.kind = 'physical'")), ("three equals signs", filtered("record.a === 1")),
    ("and", filtered("record.a == 1 and record.b == 2")), ("or", filtered("record.a == 1 or record.b == 2")),
    ("not", filtered("not record.active")), ("one ampersand", filtered("record.a & record.b")),
    ("one bar", filtered("record.a | record.b")), ("angle brackets", filtered("record.a <> 1")),
    ("is null", filtered("record.a is null")), ("like", filtered("record.name like 'a%'")),
    ("no condition", filtered("record.stock + 1")), ("a condition that is constant", filtered("1 == 1")),
    ("a word for a condition", filtered("'yes'")),
    ("an exclamation mark that YAML takes", filtered("!record.active")),
    ("a hash that YAML takes", mapped("record.name + \" #\" + record.id")),
    ("a star that YAML takes", mapped("*record.price")), ("a template in quotes", mapped("\"{{ record.sku }}\"")),
    ("a template", mapped("{{ record.sku }}")), ("a JSON path", mapped("$.price")),
    ("a shell's name", mapped("$price")),
    ("a colon that YAML takes", mapped("record.a ? 'x': 'y'")),
    ("an unknown function", mapped("record.name.toUpper()")),
    ("a function of another language", mapped("upper(record.name)")),
    ("a function's name misspelt", mapped("record.name.uper()")),
    ("too few arguments", mapped("record.name.replace('a')")),
    ("a date of another form", filtered("timestamp(record.at) > timestamp('23.11.2026')")),
    ("a date without conversion", filtered("timestamp(record.at) > '2026-11-23'")),
    ("a text for an index", mapped("\"[1, 2]['0']\"")), ("a list first", mapped("[1, 2].size()")),
    ("a question mark too many", mapped("record.a ?? 0")),
    ("if and then", mapped("if record.a then 1 else 2")), ("branches of two types", mapped("\"record.a ? 1 : 'x'\"")),
    ("a constant without const", mapped("main")), ("a quote left open", mapped("record.name + 'x")),
    ("a parenthesis left open", mapped("int(record.a")), ("a pattern that is none", mapped("record.a.matches('[')")),
    ("a semicolon", mapped("record.a + 1;")), ("division by nothing", mapped("record.a + 1 / 0")),
    ("in single quotes", mapped("'record.name + ''a'' + 5 + nme'")),
    ("in double quotes with escapes", mapped("\"record.name + \\\"a\\\" + nme\"")),
    ("in quotes over lines", mapped("\"record.name +\n     \\\"\\u00e9\\\" +\n\n     nme\"")),
    ("plain over lines", mapped("record.name +\n    record.b +\n      nme")),
    ("folded", mapped(">\n    record.name +\n    'a' + nme +\n      mne\n    + record.b")),
    ("folded, with a comment before", mapped(">- # note\n\n      record.a +\n      nme")),
    ("literal", mapped("|\n    record.name +\n      nme")),
    ("beyond ASCII", mapped("\"'é' + nme\"")),
  ]

  private static func mapped(_ expression: String) -> String {
    pipeline(mappings: "\n  id: record.id\n  x: \(expression)")
  }
  private static func filtered(_ expression: String) -> String { pipeline("transforms:\n  - filter: \(expression)") }

  static let retry: [(String, String)] = [
    ("delays", pipeline("retry: {delays: [1s, 5, 30 s, 1min]}")), ("delays as a word", pipeline("retry: {delays: 5s}")),
    ("no delay", pipeline("retry: {delays: []}")),
    ("backoff", pipeline("retry: {delays: {first: 1m, factor: 0.5, max: 30s, attempts: 0, jitter: true}}")),
    ("breaker", pipeline("retry: {circuit_breaker: {failures: -1, within: 0s, openfor: 3s}}")),
    ("dead letters", pipeline("retry: {dead_letter: {type: kafka, path: \"\"}, give_up_after: nevr}")),
  ]

  static let connectors: [(String, String)] = [
    ("an unknown source", "name: x\nsource: {type: fiel, path: i}\nmappings: all\ntarget: {type: file, path: o}\n"),
    ("a source as a target", "name: x\nsource: {type: file, path: i}\nmappings: all\ntarget: {type: queue, url: u}\n"),
    ("no type", "name: x\nsource: {path: i}\nmappings: all\ntarget: {path: o}\n"),
    ("a type in capitals", "name: x\nsource: {type: File, path: i}\nmappings: all\ntarget: {type: FILE, path: o}\n"),
    (
      "settings",
      "name: x\nsource: {type: file, path: 5, format: JSON, csv: {heder: yes}, block: 1}\nmappings: all\ntarget: {type: file, pat: o}\n"
    ),
    (
      "settings that conflict",
      "name: x\nsource: {type: file, path: i, csv: {header: false}}\nmappings: all\ntarget: {type: file, path: o}\n"
    ),
    (
      "none of one-of",
      "name: x\nsource: {type: queue, url: \"${U}\", auth: {}}\nmappings: all\ntarget: {type: file, path: o}\n"
    ),
    (
      "two of one-of",
      "name: x\nsource:\n  type: queue\n  url: ${U}\n  auth:\n    bearer: ${T}\n    basic: {user: u}\nmappings: all\ntarget: {type: file, path: o}\n"
    ),
    (
      "secrets in the file",
      "name: x\nsource:\n  type: queue\n  url: amqp://u:hunter2@h\n  auth:\n    bearer: hunter2\nmappings: all\ntarget: {type: file, path: o}\n"
    ),
    (
      "a misspelt key beside a secret",
      "name: x\nsource: {type: queue, url: \"amqp://u:hunter2@h\", tiemout: 5s}\nmappings: all\ntarget: {type: file, path: o}\n"
    ),
    (
      "a secret of another type",
      "name: x\nsource:\n  type: queue\n  url: 12345678\n  auth: {bearer: [hunter2]}\nmappings: all\ntarget: {type: file, path: o}\n"
    ),
    (
      "broken references",
      "name: x\nsource: {type: file, path: \"${DATA\"}\nmappings: all\ntarget: {type: file, path: \"${out-dir}/x\"}\n"
    ),
    (
      "a key that is not mapped",
      "name: x\nsource: {type: file, path: i}\nmappings: {id: record.id}\ntarget: {type: table, url: \"${U}\", table: t, key: [idd], lanes: 4}\n"
    ),
    (
      "a key that is dropped",
      "name: x\nsource: {type: file, path: i}\nmappings: {\"*\": all, id: drop}\ntarget: {type: table, url: \"${U}\", table: t, key: [id, other]}\n"
    ),
    (
      "keys as they should not be",
      "name: x\nsource: {type: file, path: i}\nmappings: all\ntarget: {type: table, url: \"${U}\", table: t, key: id}\n"
    ),
    (
      "a key twice and no key",
      "name: x\nsource: {type: file, path: i}\nmappings: all\ntarget: {type: table, url: \"${U}\", table: t, key: [a, a]}\n"
    ),
    ("lanes", "name: x\nsource: {type: file, path: i}\nmappings: all\ntarget: {type: file, path: o, lanes: 4}\n"),
    (
      "lanes without key",
      "name: x\nsource: {type: file, path: i}\nmappings: all\ntarget: {type: table, url: \"${U}\", table: t, lanes: 4}\n"
    ),
    (
      "a batch",
      "name: x\nsource: {type: file, path: i}\nmappings: all\ntarget: {type: file, path: o, batch: {records: 0, bytes: 8Mb, wait: 200}}\n"
    ),
  ]
}
