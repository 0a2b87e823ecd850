import ConnectorKit
import Expressions
import Records

extension EventScope {
  /// What the rows of a table look like, as its columns' types say.
  ///
  /// - Parameter isOpen: whether a column that the table does not have may be asked for: where one mapping is for several
  ///   tables.
  init(_ table: SourceTable, isOpen: Bool) {
    guard !table.columns.isEmpty, table.system == "postgres" else {
      self.init()
      return
    }
    let fields = table.columns.map { ObjectType.Field($0.name, $0.declaredType) }
    let row = CELType.object(ObjectType(table.fullName, fields, isOpen: isOpen))
    // What was there before may be no more than the key.
    self.init(record: row, before: .dyn)
  }
}

extension SourceTable.Column {
  /// The type of what an expression reads; dyn where it is not known beforehand.
  var declaredType: CELType {
    guard let type = Self.types[base] else { return .dyn }
    return isNotNull ? type : .nullable(type)
  }

  /// Without lengths: `numeric(12,2)` is `numeric`, `timestamp(3) with time zone` is without its digits.
  private var base: String {
    guard let open = type.firstIndex(of: "("), let close = type.firstIndex(of: ")"), open < close else { return type }
    return String(type[..<open] + type[type.index(after: close)...])
  }

  /// PostgreSQL's names. A time without a zone is no moment and stays a text.
  private static let types: [String: CELType] = [
    "smallint": .int, "integer": .int, "bigint": .int, "oid": .int, "numeric": .decimal, "real": .double,
    "double precision": .double, "boolean": .bool, "text": .string, "character varying": .string, "character": .string,
    "uuid": .string, "timestamp with time zone": .timestamp, "timestamp without time zone": .string, "date": .date,
    "time without time zone": .string, "time with time zone": .string, "interval": .string, "inet": .string,
    "cidr": .string, "macaddr": .string, "xml": .string, "name": .string, "citext": .string, "bytea": .string,
  ]
}

extension Plan {
  /// What the expressions ask of these tables that they do not have, and types that do not fit: each problem once.
  ///
  /// A run asks before it reads, and `validate --connect` shows it.
  package func problems(with tables: [SourceTable]) -> [Diagnostic] {
    guard let origin, tables.contains(where: { !$0.columns.isEmpty }) else { return [] }
    var builder = PlanBuilder(origin.root, origin.catalog, origin.environment)
    let spec = PipelineSpec()
    _ = builder.loader.fill(SettingList(of: spec), from: origin.root)
    let isKnown = Set(builder.loader.diagnostics.items.map { "\($0.place) \($0.code)" })
    builder.loader = SettingLoader()
    for table in tables { builder.check(table, spec, streams, isAlone: tables.count == 1) }
    var seen: Set<String> = []
    return builder.loader.diagnostics.items.filter { problem in
      (problem.severity == .error || !isKnown.contains("\(problem.place) \(problem.code)"))
        && seen.insert("\(problem.place) \(problem.code)").inserted
    }
  }
}

extension PlanBuilder {
  fileprivate mutating func check(
    _ table: SourceTable, _ spec: PipelineSpec, _ streams: [StreamPlan], isAlone: Bool
  ) {
    guard let stream = streams.stream(of: table), !stream.skips, stream.contract?.hasOwnWays != true else { return }
    let own = stream.pattern.flatMap { pattern in spec.streams?.entries.first { $0.name == pattern.text }?.value }
    let scope = EventScope(table, isOpen: !isAlone && stream.isForSeveral)
    guard scope.isDeclared else { return }
    checkExpressions(
      spec.transforms + (own?.transforms ?? []), own?.mappings ?? spec.mappings, scope, of: table.fullName)
  }
}

extension StreamPlan {
  /// Whether the file names no single table for it.
  fileprivate var isForSeveral: Bool { pattern.map { !$0.isName } ?? true }

  /// What its columns hold, as the types of the table's say; nothing where a transform has changed the record.
  func made(of table: SourceTable) -> [Columns.Made] {
    let scope = EventScope(table, isOpen: true)
    guard scope.isDeclared, !transforms.contains(where: \.changesRecord) else { return [] }
    return mapping.fields.enumerated().map { index, field in
      field.mapping.made(in: scope, isKey: columns.key.contains(index))
    }
  }
}

extension FieldMapping {
  fileprivate func made(in scope: EventScope, isKey: Bool) -> Columns.Made {
    let source: CELType? =
      switch from {
      case .constant: nil
      case .path(let path): (try? EventExpression(path.description, in: scope))?.expression.type
      case .expression(let expression): (try? EventExpression(expression.text, in: scope))?.expression.type
      }
    let isFilled = isKey || required || fallback.map { !$0.isNull } ?? false
    var made = Columns.Made(type: nil, mayBeNull: source.map { $0 != $0.nonNull } ?? false && !isFilled)
    if let cast {
      made.type = cast.typeName
    } else if values == nil, unit == nil, let source {
      made.type = source.nonNull == .dyn ? nil : source.nonNull.word
    }
    if values != nil, otherwise != nil { made.mayBeNull = false }
    return made
  }
}

extension Cast {
  /// The type of its result, as expressions call it.
  fileprivate var typeName: String? {
    switch self {
    case .string, .uuid: "string"
    case .int, .epochSeconds, .epochMilliseconds: "int"
    case .double: "double"
    case .decimal: "decimal"
    case .bool: "bool"
    case .date: "date"
    case .timestamp: "timestamp"
    case .json, .bytes: nil
    }
  }
}

extension Transform {
  /// Whether the record is another one behind it.
  package var changesRecord: Bool {
    switch action {
    case .filter, .assert, .route, .sample, .dedupe: false
    case .set, .unset, .rename, .explode, .flatten, .redact, .hash: true
    }
  }
}
