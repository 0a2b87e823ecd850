import ConnectorKit
import Records

/// The oldest server whose catalog and SQL are used here, as in 120000 for 12.
private let serverVersionMin = 120_000

extension PostgresConnection {
  fileprivate var versionProblems: [Problem] {
    guard serverVersion < serverVersionMin else { return [] }
    return [
      Problem(
        "url", code: "postgres.server_too_old",
        "\(address) is PostgreSQL \(serverVersion / 10_000); \(serverVersionMin / 10_000) is the oldest that is known to work"
      )
    ]
  }
}

extension Problem {
  /// What went wrong with a server: its address, or else one of the settings.
  fileprivate init(of setting: String, _ error: ConnectorError) {
    let isAddress = ["postgres.refused", "postgres.unreachable", "postgres.bad_url"].contains(error.code)
    self.init(isAddress ? "url" : setting, error)
  }
}

extension PostgresSourceConnector: SourceConnectionCheck {
  func check(_ context: Context) -> SourceCheck {
    do throws(ConnectorError) {
      let connection = try PostgresConnection(url)
      let found = try SourceTables(patterns: tables, wants: context.wants).find(connection)
      var check = SourceCheck(tables: found.schemas.map(\.sourceTable), problems: connection.versionProblems)
      for schema in found.schemas { check.problems += problems(of: schema, connection) }
      check.problems += [conditions.problem(with: check.tables)].compactMap(\.self)
      if read != .snapshot { check.problems += try streamProblems(context, connection) }
      check.problems += found.circles.map { name in
        Problem(
          "tables", code: "postgres.key_circle",
          "the foreign keys of \(name) lead in a circle: some rows come before those that they refer to",
          hint: "set foreign_keys: off on a target that has these keys", severity: .warning)
      }
      return check
    } catch {
      return SourceCheck(problems: [Problem(of: "tables", error)])
    }
  }

  /// What keeps changes from being read, before anything is made on the server.
  private func streamProblems(
    _ context: Context, _ connection: PostgresConnection
  ) throws(ConnectorError) -> [Problem] {
    let load = SourceSettings(
      url: url, tables: tables, chunkRows: chunkRows, chunksAtOnce: chunksAtOnce, timeout: timeout)
    let settings = streamSettings(context, load: load)
    let clerk = StreamClerk(connection: connection)
    var streamed = StreamTables()
    do throws(ConnectorError) {
      try streamed.look(settings, context, clerk)
    } catch {
      return [Problem(of: "tables", error)]
    }
    let publication = PublicationCheck(
      name: settings.publication, tables: streamed.tables, schemas: streamed.schemas,
      state: try clerk.publication(settings.publication.text))
    return publication.problems + (try clerk.serverProblems(settings, publication))
  }

  private func problems(of schema: TableSchema, _ connection: PostgresConnection) -> [Problem] {
    let condition = conditions.condition(for: schema.sourceTable)
    do throws(ConnectorError) {
      try SourceTables.check(SnapshotQuery(schema, condition: condition), of: schema.name, connection)
      return []
    } catch {
      return [
        Problem(of: condition == nil || error.code == "postgres.insufficient_privilege" ? "tables" : "where", error)
      ]
    }
  }
}

extension PostgresTargetConnector: TargetConnectionCheck {
  func check(_ context: Context, _ streams: [TargetStream]) -> [[Problem]] {
    do throws(ConnectorError) {
      guard let name = TableName(table) else { return [problems()] }
      let connection = try PostgresConnection(url)
      let own = settings(name)
      var found = streams.map { stream in problems(of: stream, own, connection) }
      if !found.isEmpty { found[0] = connection.versionProblems + found[0] }
      return found
    } catch {
      return [[Problem(of: "table", error)]]
    }
  }

  private func problems(
    of stream: TargetStream, _ own: TargetSettings, _ connection: PostgresConnection
  ) -> [Problem] {
    do throws(ConnectorError) {
      let settings = try own.applied(to: stream)
      do throws(PostgresError) {
        if let schema = try TableSchema.read(settings.table, connection) {
          let check = TargetCheck(schema: schema, columns: stream.columns, settings: settings)
          return try check.problems(connection) + check.typeProblems(stream.table)
            + check.madeProblems(stream.table)
        }
      } catch {
        throw error.connectorError("\(settings.table) at \(connection.address)")
      }
      if settings.creates {
        _ = try TableMaking.statement(settings.table, stream)
        return []
      }
      return [
        Problem(
          "table", code: "postgres.undefined_table", "there is no table \(settings.table)",
          hint: "create it, correct its name (upper and lower case count), or set create: true")
      ]
    } catch {
      return [Problem(of: "table", error)]
    }
  }
}
