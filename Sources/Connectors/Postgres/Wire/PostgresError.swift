import ConnectorKit

/// What a server, or the library that talks with it, says when something fails.
struct PostgresError: Error, Sendable, Equatable {
  /// SQLSTATE; empty where the connection itself failed.
  var state: String
  var message: String
  var detail: String?
  /// The column that the server names.
  var column: String?
  var constraint: String?
  /// The line of COPY's input that it failed at, counted from 1, where the server names it.
  var copyLine: Int?

  init(state: String, message: String) {
    self.state = state
    self.message = message
  }
}

extension PostgresError {
  /// Whether the fault lies in one row, so that the others can be stored without it.
  var isAboutRow: Bool {
    switch state.prefix(2) {
    case "22", "23", "44": true
    default: ["54000", "P0001"].contains(state)
    }
  }

  /// One statement met the same key twice.
  var isRepeatedKey: Bool { state == "21000" }

  /// Whether the connection can no longer be used.
  var endsConnection: Bool { state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P") }

  /// `postgres.unique_violation`: the name that PostgreSQL's documentation gives to the state.
  var code: String { "postgres." + (Self.conditions[state] ?? "sqlstate_\(state.lowercased())") }

  private static let conditions: [String: String] = [
    "": "connection_lost",
    "08000": "connection_exception", "08003": "connection_does_not_exist", "08006": "connection_failure",
    "0A000": "feature_not_supported", "21000": "cardinality_violation",
    "22001": "string_data_right_truncation", "22003": "numeric_value_out_of_range", "22007": "invalid_datetime_format",
    "22008": "datetime_field_overflow", "22021": "character_not_in_repertoire", "22023": "invalid_parameter_value",
    "2200N": "invalid_xml_content", "22026": "string_data_length_mismatch", "22032": "invalid_json_text",
    "22P02": "invalid_text_representation", "22P04": "bad_copy_file_format", "2202E": "array_subscript_error",
    "23502": "not_null_violation", "23503": "foreign_key_violation", "23505": "unique_violation",
    "23514": "check_violation", "23P01": "exclusion_violation", "25006": "read_only_sql_transaction",
    "28000": "invalid_authorization_specification", "28P01": "invalid_password", "3D000": "invalid_catalog_name",
    "40001": "serialization_failure", "40P01": "deadlock_detected", "42501": "insufficient_privilege",
    "42601": "syntax_error", "42703": "undefined_column", "42804": "datatype_mismatch", "42P01": "undefined_table",
    "428C9": "generated_always", "44000": "with_check_option_violation", "53100": "disk_full",
    "53200": "out_of_memory", "53300": "too_many_connections", "54000": "program_limit_exceeded",
    "55P03": "lock_not_available", "57014": "query_canceled", "57P01": "admin_shutdown", "57P02": "crash_shutdown",
    "57P03": "cannot_connect_now", "P0001": "raise_exception",
  ]
}

extension PostgresError {
  /// - Parameter place: what was talked with, `shop.products at db.example`.
  func connectorError(_ place: String) -> ConnectorError {
    let said = detail.map { "\(message) (\($0))" } ?? message
    return ConnectorError(code, "\(place): \(said)", remedy: remedy, hint: hint)
  }

  private var remedy: ConnectorError.Remedy {
    if state.isEmpty { return .retry(after: nil) }
    if state == "57P04" { return .stop }
    // What a server says that looks up a table which is being changed or dropped at that moment.
    if state == "XX000", message.contains("cache lookup failed") || message.contains("catalog is missing") {
      return .retry(after: nil)
    }
    switch state.prefix(2) {
    case "08", "40", "53", "57", "58": return .retry(after: nil)
    default: return ["55006", "55P03", "25006"].contains(state) ? .retry(after: nil) : .stop
    }
  }

  private var hint: String? {
    switch state {
    case "42P01": "Create the table, correct its name, or set `create: true` on the target."
    case "42703": "Correct the name, or add the column."
    case "42501": "Grant the role of the url what it needs; `millrace validate --connect` says what that is."
    case "28000", "28P01": "Check user and password of the url, and the server's pg_hba.conf."
    case "3D000": "Check the database's name in the url."
    case "57014": "The server's statement_timeout may be too short for this."
    case "53100": "The server's disk is full."
    default: nil
    }
  }
}
