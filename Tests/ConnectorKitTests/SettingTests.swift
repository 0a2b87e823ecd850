import ConnectorKit
import Records
import Testing

@Suite struct SettingTests {
  @Test func defaultsFillWhatIsNotGiven() throws {
    let sample = try Sample.make(["path": "a.ndjson"])
    #expect(sample.path == "a.ndjson")
    #expect(sample.format == .ndjson)
    #expect(sample.csv.header && sample.csv.delimiter == "," && sample.csv.columns == nil)
    #expect(sample.auth == nil && sample.retain == nil && sample.rate == nil)
    #expect(sample.timeout == .seconds(30) && sample.block.bytes == 65_536)
    #expect(sample.$path.isGiven && !sample.$format.isGiven)
  }

  @Test func everyKindIsRead() throws {
    let sample = try Sample.make([
      "path": "a.csv", "format": "csv",
      "csv": ["header": false, "delimiter": ";", "null": "NULL", "columns": ["a", "b"]],
      "auth": ["basic": ["user": "u", "password": "p"]],
      "retain": "2h", "chunk_rows": 7, "timeout": "1.5s", "rate": "5000/s", "block": "1KiB", "share": 0,
      "headers": ["b": "1", "a": "2"], "mark": ["active": false],
    ])
    #expect(sample.csv.delimiter == ";" && sample.csv.null == "NULL" && sample.csv.columns == ["a", "b"])
    #expect(sample.auth?.basic?.password.reveal() == "p" && sample.auth?.bearer == nil)
    #expect(sample.retain?.age == .seconds(7_200) && sample.retain?.bytes == .mib(64))
    #expect(sample.chunkRows == 7 && sample.timeout == .milliseconds(1_500))
    #expect(sample.rate?.perSecond == 5_000 && sample.block.bytes == 1_024)
    #expect(sample.headers.entries.map(\.name) == ["b", "a"] && sample.headers["a"] == "2")
    #expect(sample.mark == ["active": false])
  }

  @Test func copiesOfTheTypeDoNotShareValues() throws {
    let one = try Sample.make(["path": "1", "csv": ["delimiter": ";"], "format": "csv"])
    let two = try Sample.make(["path": "2"])
    #expect(one.path == "1" && two.path == "2")
    #expect(one.csv.delimiter == ";" && two.csv.delimiter == ",")
  }

  static let bad: [(Value, [String])] = [
    (["path": "a", "fromat": "csv"], ["config.unknown_key fromat"]),
    ([:], ["config.missing_key path"]),
    (["path": nil], ["config.no_value path"]),
    (["path": ""], ["config.empty path"]),
    (["path": 5], ["config.type path"]),
    (["path": "a", "format": "JSON"], ["config.unknown_value format"]),
    (["path": "a", "csv": ["delimiter": "--"], "format": "csv"], ["config.invalid csv.delimiter"]),
    (["path": "a", "csv": ["header": true]], ["config.invalid csv"]),
    (["path": "a", "csv": "x"], ["config.type csv"]),
    (["path": "a", "auth": [:]], ["config.one_of auth"]),
    (["path": "a", "auth": ["bearer": "t", "basic": ["user": "u", "password": "p"]]], ["config.one_of auth"]),
    (["path": "a", "auth": ["basic": ["user": "u"]]], ["config.missing_key auth.basic.password"]),
    (["path": "a", "chunk_rows": 0], ["config.out_of_range chunk_rows"]),
    (["path": "a", "chunk_rows": "7"], ["config.type chunk_rows"]),
    (["path": "a", "timeout": 5], ["config.unit_missing timeout"]),
    (["path": "a", "timeout": "5 sec"], ["config.unit_unknown timeout"]),
    (["path": "a", "timeout": "2m"], ["config.out_of_range timeout"]),
    (["path": "a", "rate": "5000"], ["config.unit_missing rate"]),
    (["path": "a", "rate": "5000/day"], ["config.unit_unknown rate"]),
    (["path": "a", "headers": ["x"]], ["config.type headers"]),
    (["path": "a", "csv": ["columns": "x"], "format": "csv"], ["config.type csv.columns"]),
    (
      ["path": "${A", "format": "xml", "share": "x"],
      ["config.reference path", "config.unknown_value format", "config.type share"]
    ),
  ]

  @Test(arguments: bad)
  func problemsAreAllReported(settings: Value, expected: [String]) {
    #expect(problems(settings) == expected)
  }

  @Test func hintsSayWhatWasMeant() {
    var loader = SettingLoader()
    _ = loader.load(Sample.self, from: ConfigNode(["path": "a", "chunkrows": 1, "format": "JSON"]))
    #expect(loader.diagnostics.items.map(\.hint) == ["did you mean `chunk_rows`?", "did you mean `json`?"])
  }

  @Test func keysOfOthersAreLeftAlone() {
    var loader = SettingLoader()
    #expect(loader.load(Sample.self, from: ConfigNode(["path": "a", "type": "sample"]), others: ["type"]) != nil)
  }
}

@Suite struct UnitTests {
  static let right: [(String, Duration)] = [
    ("200ms", Duration.milliseconds(200)), ("1.5h", .seconds(5_400)), ("0s", .zero), ("2d", .seconds(172_800)),
    ("7ns", .nanoseconds(7)),
  ]

  @Test(arguments: right)
  func durations(text: String, expected: Duration) {
    var loader = SettingLoader()
    #expect(Duration.read(.plain(text), &loader) == expected)
    #expect(loader.diagnostics.items == [])
  }

  static let wrong: [(String, String, String?)] = [
    ("30", "config.unit_missing", "write 30ms, 30s, 30m, 30h"),
    ("5 s", "config.unit_unknown", "write 5s"), ("5min", "config.unit_unknown", "write 5m"),
    ("5parsec", "config.unit_unknown", "units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d`"),
    ("soon", "config.type", nil), ("-5s", "config.type", nil), ("1.2.3s", "config.type", nil),
    ("99999999999d", "config.out_of_range", nil), ("0.5ns", "config.out_of_range", nil),
    ("99999999999999999999999999s", "config.type", nil),
  ]

  @Test(arguments: wrong)
  func wrongDurations(text: String, code: String, hint: String?) {
    var loader = SettingLoader()
    #expect(Duration.read(.plain(text), &loader) == nil)
    #expect(loader.diagnostics.items.map(\.code) == [code])
    #expect(loader.diagnostics.items.first?.hint == hint)
  }

  static let rightSizes: [(String, Int)] = [
    ("8MiB", 8 << 20), ("1.5KiB", 1_536), ("1kB", 1_000), ("0B", 0), ("2TB", 2_000_000_000_000),
  ]

  @Test(arguments: rightSizes)
  func sizes(text: String, expected: Int) {
    var loader = SettingLoader()
    #expect(ByteSize.read(.plain(text), &loader)?.bytes == expected)
  }

  static let badSizes: [(String, String?)] = [
    ("8M", "write 8MiB"), ("8KB", "write 8kB"), ("8 MiB", "write 8MiB"), ("1.0001KiB", nil),
  ]

  @Test(arguments: badSizes)
  func wrongSizes(text: String, hint: String?) {
    var loader = SettingLoader()
    #expect(ByteSize.read(.plain(text), &loader) == nil)
    #expect(loader.diagnostics.items.first?.hint == hint)
  }

  @Test func quantitiesAreWrittenInTheLargestWholeUnit() {
    #expect(Duration.seconds(90).written == "90s" && Duration.seconds(120).written == "2m")
    #expect(Duration.zero.written == "0s" && Duration.milliseconds(1_500).written == "1500ms")
    #expect(ByteSize.mib(8).written == "8MiB" && ByteSize(bytes: 1_000).written == "1kB")
    #expect(ByteSize(bytes: 0).written == "0B")
  }
}

@Suite struct SecretTests {
  @Test func aSecretNeverPrints() throws {
    let sample = try Sample.make(["path": "a", "auth": ["bearer": "hunter2"]])
    let secret = try #require(sample.auth?.bearer)
    var dumped = ""
    dump(sample, to: &dumped)
    dump(secret, to: &dumped)
    dumped += "\(secret) \(String(reflecting: secret)) \(sample) \([secret]) \(secret as Any)"
    dumped += "\(Value.object(NamedSetting.written(of: sample)))"
    #expect(!dumped.contains("hunter2"))
    #expect(dumped.contains("***"))
  }

  @Test func aWrongSecretIsNotQuoted() {
    var loader = SettingLoader()
    let node = ConfigNode(["path": "a", "auth": ["bearer": 123_456]])
    #expect(loader.load(Sample.self, from: node) == nil)
    #expect(loader.diagnostics.items.map(\.code) == ["config.type"])
    #expect(!"\(loader.diagnostics)".contains("123456"))
  }

  @Test(arguments: [
    ("hunter2", true), ("postgres://u:p@h/db", true), ("postgres://h/db", false), ("postgres://u@h/db", false),
    ("${TOKEN}", false), ("http://h/a:b@c", false),
  ])
  func secretsInPlainSightAreWarnedOf(text: String, warned: Bool) {
    var loader = SettingLoader()
    _ = Secret.read(ConfigNode(.string(text)), &loader)
    #expect(loader.diagnostics.items.map(\.code) == (warned ? ["config.secret_in_file"] : []))
  }

  @Test func referencesStayUntilTheRunStarts() throws {
    let settings: Value = ["path": "${DIR}/a${EXT:-.csv}", "auth": ["bearer": "${file:/run/secrets/t}"]]
    #expect(try Sample.make(settings).path == "${DIR}/a${EXT:-.csv}")
    let secrets = SecretSource(
      variable: { $0 == "DIR" ? "/data" : "" }, file: { $0 == "/run/secrets/t" ? "t0k\n" : nil })
    let sample = try Sample.make(settings, secrets: secrets)
    #expect(sample.path == "/data/a.csv")
    #expect(sample.auth?.bearer?.reveal() == "t0k")
  }

  @Test func anUnsetReferenceIsAnErrorWhenTheRunStarts() {
    let settings: Value = ["path": "${DIR}", "auth": ["bearer": "${file:/x}"]]
    #expect(problems(settings) == [])
    #expect(problems(settings, secrets: noSecrets) == ["secret.unset path", "secret.unreadable auth.bearer"])
  }

  @Test func aValueThatIsStillAReferenceIsCheckedByTheRun() {
    let settings: Value = ["path": "a", "format": "csv", "csv": ["delimiter": "${D:---}"]]
    #expect(problems(settings) == [])
    #expect(problems(settings, secrets: noSecrets) == ["config.invalid csv.delimiter"])
  }

  static let whole: [(String, [String])] = [
    ("plain", ["t:plain"]), ("", ["t:"]), ("a$b", ["t:a$b"]), ("$${X}", ["t:${X}"]), ("a${X}b", ["t:a", "v:X", "t:b"]),
    ("${X:-}", ["v:X="]), ("${X:-a b}", ["v:X=a b"]), ("${file:/a b}", ["f:/a b"]), ("$$", ["t:$$"]),
    ("€${A}${B}", ["t:€", "v:A", "v:B"]),
  ]

  @Test(arguments: whole)
  func templates(source: String, expected: [String]) throws {
    let parts = try TextTemplate(source).parts.map {
      switch $0 {
      case .text(let text): "t:\(text)"
      case .variable(let name, let fallback): "v:\(name)" + (fallback.map { "=\($0)" } ?? "")
      case .file(let path): "f:\(path)"
      }
    }
    #expect(parts == expected)
  }

  @Test(arguments: ["${", "${X", "${}", "${1A}", "${A-B}", "${A:B}", "${file:}", "${{ a }}", "${A:-${B}}"])
  func brokenTemplates(source: String) {
    #expect(throws: TextTemplate.SyntaxError.self) { try TextTemplate(source) }
  }
}

@Suite struct CoreScalarTests {
  static let scalars: [(String, CoreScalar)] = [
    ("", CoreScalar.null), ("~", .null), ("NULL", .null), ("true", .bool(true)), ("False", .bool(false)),
    ("no", .text), ("12", .int(12)), ("+12", .int(12)), ("-0", .int(0)), ("0x1F", .int(31)), ("0o17", .int(15)),
    ("0x", .text), ("0x-1", .text), ("1_000", .text), ("12:30", .text), ("1.50", .number("1.50")),
    (".5", .number("0.5")),
    ("5.", .number("5")), ("-1e3", .number("-1e3")), ("1E+3", .number("1e3")), ("1e", .text), (".", .text),
    ("-", .text),
    ("+", .text), ("1.2.3", .text), ("9223372036854775808", .number("9223372036854775808")), (".inf", .notFinite),
    ("-.INF", .notFinite), (".nan", .notFinite), ("2024-01-01", .text), ("0012.5", .number("12.5")),
  ]

  @Test(arguments: scalars)
  func plain(text: String, expected: CoreScalar) {
    #expect(CoreScalar(ConfigScalar(text)) == expected)
    #expect(CoreScalar(ConfigScalar(text, style: .quoted)) == .text)
  }

  @Test func valuesWarnOfWhatTheEyeReadsDifferently() {
    var loader = SettingLoader()
    #expect(Value.read(.plain("no"), &loader) == "no")
    #expect(Value.read(.plain("007"), &loader) == nil)
    #expect(Value.read(.plain(".nan"), &loader) == nil)
    #expect(loader.diagnostics.items.map(\.code) == ["config.boolean_word", "config.leading_zeros", "config.type"])
    #expect(loader.diagnostics.errors == 2)
  }
}

@Suite struct SuggestionTests {
  static let words: [(String, [String], String?)] = [
    ("slotname", ["slot_name", "name"], "slot_name"), ("JSON", ["ndjson", "json"], "json"),
    ("fiel", ["file", "field"], "file"), ("x", ["path"], nil), ("", ["path"], nil),
    ("mapings", ["mappings"], "mappings"),
  ]

  @Test(arguments: words)
  func nearest(word: String, candidates: [String], expected: String?) {
    #expect(Suggestion.nearest(to: word, among: candidates) == expected)
  }
}
