import ConnectorKit

extension StreamClerk {
  /// What the server lacks for a stream: its log, a free slot, permissions.
  func serverProblems(
    _ settings: StreamSettings, _ publication: PublicationCheck
  ) throws(ConnectorError) -> [Problem] {
    let facts = try facts()
    guard facts.count == 5 else { return [] }
    let isNew = try self.slot(settings.slot.text) == nil
    var problems: [Problem] = []
    if facts[0] != "logical" {
      problems.append(
        Problem(
          "url", code: "postgres.wal_level", "the server writes its log with wal_level = \(facts[0] ?? "?")",
          hint: "ALTER SYSTEM SET wal_level = logical, and restart the server"))
    }
    if facts[3] != "t" {
      problems.append(
        Problem(
          "url", code: "postgres.insufficient_privilege", "the role may not replicate",
          hint: "ALTER ROLE the role of the url WITH REPLICATION"))
    }
    // A load that goes on after a stop takes a second slot for a moment.
    let needed = (isNew ? 1 : 0) + (settings.load == nil ? 0 : 1)
    let free = (facts[1].flatMap { Int($0) } ?? 0) - (facts[2].flatMap { Int($0) } ?? 0)
    if free < needed {
      problems.append(
        Problem(
          "slot", code: "postgres.no_free_slot",
          "the server has \(free) free replication slots, and \(needed) are needed",
          hint: "raise max_replication_slots, or drop a slot that nobody uses"))
    }
    if !publication.missing.isEmpty, !settings.publication.isGiven, facts[4] != "t" {
      problems.append(
        Problem(
          "publication", code: "postgres.insufficient_privilege", "the role may not make a publication",
          hint: "GRANT CREATE ON DATABASE to it, and let it own the tables; or make the publication and name it"))
    }
    return problems
  }

  private func facts() throws(ConnectorError) -> [String?] {
    do throws(PostgresError) {
      return try connection.query(
        """
        SELECT current_setting('wal_level'), current_setting('max_replication_slots'),
          (SELECT count(*) FROM pg_replication_slots),
          (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user),
          has_database_privilege(current_database(), 'CREATE')
        """
      ).rows.first ?? []
    } catch {
      throw error.connectorError("\(connection.address)")
    }
  }
}
