import ConnectorKit
import Records

/// `target: {type: postgres}`.
struct PostgresTargetConnector: TargetConnector {
  static let about = About(
    "postgres", .target, title: "PostgreSQL table",
    summary:
      "Inserts or upserts rows by COPY, and deletes them. With one lane the pipeline's position is stored in the data's "
      + "own transaction, so that a crash repeats nothing: commits do not wait for the server's disk then, and the source "
      + "hears of rows when they are on it.",
    delivery: .exactlyOnce, batchRecords: 50_000,
    streamSettings: ["table", "mode", "on_delete", "version", "create"])

  enum Mode: String, SettingChoice { case upsert, insert }
  enum ForeignKeys: String, SettingChoice { case check, deferred, off }

  @Setting("The server and database, as libpq has it: a url or key=value pairs.", example: "${DATABASE_URL}")
  var url: Secret
  @Setting(
    "The table, with its schema: shop.products; `{schema}` and `{table}` stand for those of the source's table.",
    example: "shop.products")
  var table: String
  @Setting("Whether a row whose key is there already is updated or refused.") var mode: Mode = .upsert
  @Setting("What a delete does: `delete` the row, `ignore` it, or `mark: {active: false}`.")
  var onDelete: OnDelete = OnDelete(.delete)
  @Setting("The column that tells newer rows from older ones; an older one never takes a newer one's place.")
  var version: String?
  @Setting("Whether to create the table where there is none, with the types of the mappings' casts.")
  var create: Bool = false
  @Setting(
    "When foreign keys are checked: with each statement; `deferred`, those that are DEFERRABLE at the end of each write, so "
      + "that its rows may come in any order; `off`, never, which leaves out triggers as well and needs a role that may set "
      + "session_replication_role.")
  var foreignKeys: ForeignKeys = .check
  @Setting(
    "The table that keeps the pipeline's position, made where there is none; `none` keeps it in the checkpoint alone.")
  var positions: String = "millrace.positions"
  @Setting(
    "The replication origin that rows are stored under, made where there is none, so that a stream of this database can "
      + "leave them out (`ignore_origins`); needs one lane, and a superuser's grant.",
    example: "millrace_shop_to_mirror")
  var origin: String?
  @Setting("The longest silence of the server before the connection is given up.", range: 1_000...86_400_000)
  var timeout: Duration = Patience.usual

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if TableName(table) == nil {
      problems.append(
        Problem("table", "`\(table)` is no name of a table", hint: #"write table, schema.table, or "odd.name"."table""#)
      )
    }
    if positions != "none", TableName(positions) == nil {
      problems.append(Problem("positions", "`\(positions)` is no name of a table", hint: "write schema.table, or none"))
    }
    return problems
  }

  var rules: RowRules {
    let deletes: RowRules.Delete =
      switch onDelete.policy {
      case .delete: .delete
      case .ignore: .ignore
      case .mark(let marks): .mark(marks.map { Value.Member($0.column, $0.value) })
      }
    return RowRules(version: mode == .upsert ? version : nil, onDelete: deletes)
  }

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target {
    guard let name = TableName(table) else {
      throw ConnectorError("postgres.bad_name", "`\(table)` is no name of a table.", remedy: .stop)
    }
    if origin != nil, context.lanes > 1 {
      throw ConnectorError(
        "postgres.origin_needs_one_lane", "A replication origin is had by one session at a time.", remedy: .stop,
        hint: "Set lanes: 1, or leave origin out.")
    }
    return PostgresTarget(settings(name), context)
  }
}

extension PostgresTargetConnector: TurnTakingTargetConnector {
  /// Several lanes, and one that keeps no position, commit at moments that nobody else knows of.
  func takesTurns(lanes: Int) -> Bool { lanes == 1 && positions != "none" }
}

extension PostgresTargetConnector {
  func settings(_ name: TableName) -> TargetSettings {
    TargetSettings(
      url: url, table: name, mode: mode, onDelete: onDelete.policy, version: version, creates: create, key: nil,
      foreignKeys: foreignKeys, origin: origin, positions: positions == "none" ? nil : TableName(positions),
      timeout: timeout)
  }
}

/// A target's settings, read.
struct TargetSettings: Sendable {
  var url: Secret
  var table: TableName
  var mode: PostgresTargetConnector.Mode
  var onDelete: DeletePolicy
  var version: String?
  var creates: Bool
  /// nil: the pipeline's, or the table's own.
  var key: [String]?
  var foreignKeys: PostgresTargetConnector.ForeignKeys
  /// nil: rows are stored as the server's own.
  var origin: String?
  /// nil: none is kept.
  var positions: TableName?
  var timeout: Duration
}

/// `delete`, `ignore`, or `mark: {active: false}`.
struct OnDelete: SettingValue {
  var policy: DeletePolicy

  init(_ policy: DeletePolicy) { self.policy = policy }

  private static let noun = "`delete`, `ignore`, or `mark: {column: value}`"
  static var shape: SettingShape {
    .custom(
      noun,
      schema: [
        "oneOf": [
          ["enum": ["delete", "ignore"]],
          [
            "type": "object", "required": ["mark"], "additionalProperties": false,
            "properties": ["mark": ["type": "object", "minProperties": 1]],
          ],
        ]
      ])
  }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> OnDelete? {
    switch node.scalar?.text {
    case "delete": return OnDelete(.delete)
    case "ignore": return OnDelete(.ignore)
    default: break
    }
    guard let entries = node.map, entries.count == 1, let marks = node["mark"],
      let columns = SettingMap<Value>.read(marks, &loader), !columns.entries.isEmpty
    else { return loader.mismatch(node, expected: noun) }
    return OnDelete(.mark(columns.entries.map { DeletePolicy.Mark(column: $0.name, value: $0.value) }))
  }

  var written: Value {
    switch policy {
    case .delete: "delete"
    case .ignore: "ignore"
    case .mark(let marks): ["mark": .object(marks.map { Value.Member($0.column, $0.value) })]
    }
  }
}
