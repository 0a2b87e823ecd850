import ConnectorKit
import Records

extension PostgresTargetConnector: ReadableTargetConnector {
  var readsByKey: Bool { true }

  func makeReader(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> any Source {
    let settings = try settings(of: stream)
    var context = context
    context.wants = { _ in true }
    var reading = SourceSettings(
      url: settings.url, tables: ["\(settings.table)"], conditions: RowConditions(Self.isThere(settings.onDelete)),
      chunkRows: Self.readRows, chunksAtOnce: 1, timeout: settings.timeout)
    reading.only = Self.columns(of: stream)
    return PostgresSource(reading, context)
  }

  func makeStoredForms(_ context: Context, _ stream: TargetStream) throws(ConnectorError) -> (any StoredForms)? {
    PostgresStoredForms(try settings(of: stream))
  }

  /// The most rows that one statement reads.
  private static let readRows = 100_000

  private func settings(of stream: TargetStream) throws(ConnectorError) -> TargetSettings {
    guard let name = TableName(table) else {
      throw ConnectorError("postgres.bad_name", "`\(table)` is no name of a table.", remedy: .stop)
    }
    return try settings(name).applied(to: stream)
  }

  /// The condition that rows meet which are not marked as deleted; nil where none are.
  private static func isThere(_ policy: DeletePolicy) -> String? {
    guard case .mark(let marks) = policy else { return nil }
    let marked = marks.map { "\(SQLName.quoted($0.column)) IS NOT DISTINCT FROM \(SQLText.literal($0.value))" }
    return "NOT (\(marked.joined(separator: " AND ")))"
  }

  /// What the pipeline writes; nil where it passes on members that nobody names.
  private static func columns(of stream: TargetStream) -> [String]? {
    guard let rest = stream.columns.rest else { return stream.columns.names }
    guard let table = stream.table, !table.columns.isEmpty else { return nil }
    return stream.columns.names + table.columns.map(\.name).filter { !rest.excluded.contains($0) }
  }
}

/// Lets the server read texts by the types of a table's columns, and write them again.
private actor PostgresStoredForms: StoredForms {
  private let settings: TargetSettings
  private var connection: PostgresConnection?
  private var schema: TableSchema?

  init(_ settings: TargetSettings) { self.settings = settings }

  func forms(of texts: [StoredText]) throws(ConnectorError) -> [String?] {
    let (connection, schema) = try open()
    do throws(PostgresError) {
      let known = texts.map { cast($0, schema) }
      do throws(PostgresError) {
        let row = try connection.query("SELECT " + known.joined(separator: ", ")).rows.first ?? []
        return row.count == texts.count ? row : texts.map { _ in nil }
      } catch {
        // One of them at least is no value of its type: each by itself.
        guard texts.count > 1 else { return [nil] }
      }
      var found: [String?] = []
      for cast in known { found.append(try form(cast, connection)) }
      return found
    } catch {
      throw error.connectorError("\(settings.table)")
    }
  }

  private func form(_ cast: String, _ connection: PostgresConnection) throws(PostgresError) -> String? {
    do throws(PostgresError) {
      return try connection.query("SELECT \(cast)").rows.first?.first ?? nil
    } catch {
      guard error.isAboutRow else { throw error }
      return nil
    }
  }

  private func cast(_ text: StoredText, _ schema: TableSchema) -> String {
    "\(SQLText.quoted(text.text))::\(schema.column(text.column)?.type ?? "text")::text"
  }

  private func open() throws(ConnectorError) -> (PostgresConnection, TableSchema) {
    if let connection, let schema { return (connection, schema) }
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
    do throws(PostgresError) {
      try connection.run("SET default_transaction_read_only = on")
      guard let schema = try TableSchema.read(settings.table, connection) else {
        throw PostgresError(state: "42P01", message: "there is no table \(settings.table)")
      }
      (self.connection, self.schema) = (connection, schema)
      return (connection, schema)
    } catch {
      throw error.connectorError("\(settings.table) at \(connection.address)")
    }
  }

  func close() {
    connection = nil
    schema = nil
  }
}
