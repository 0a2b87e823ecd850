import Flows
import Foundation
import Records
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Values in COPY's binary form arrive as their texts would, and what the server refuses as text is refused.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct BinaryTests {
  private static let numbers = [
    "0", "-0", "1", "-1", "7", "10", "9999", "10000", "10001", "-32768", "32767", "32768", "2147483647", "-2147483648",
    "2147483648", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "0.5", "1.50", "-0.000",
    "0.0001", "0.00001", "12345.6789", "99999999.99", "100000000.00", "123456789012345678901234567890.12345678901",
    "1e5",
    "1.5E-7", "1e400", "1e-400", "-1e39", "3.4028235e38", "1e-45", "5e-324", "0.1", "16777217", "4.35",
    String(repeating: "9", count: 150) + "." + String(repeating: "7", count: 40),
    "1" + String(repeating: "0", count: 400),
  ]
  private static let texts = [
    "", " 1 ", "1.", ".5", "+5", "NaN", "Infinity", "-infinity", "0x10", "1_000", "--1", "true", "t", "FALSE", "off",
    "yes",
    "2026-11-23", "2024-02-29", "2025-02-29", "0001-01-01", "0000-01-01", "9999-12-31", "2026-11-23 07:15:30",
    "2026-11-23T07:15:30Z", "2026-11-23T07:15:30.5+01:00", "2026-11-23T07:15:30.123456-11:30",
    "2026-11-23T07:15:30.1234567Z", "2026-11-23T07:15:30+0100", "2026-11-23T07:15:30+01", "2026-11-23T24:00:00Z",
    "2026-11-23T23:59:60Z", "1899-12-31T23:59:59.999999Z", "2026-11-23T07:15Z", "2026-11-23T07:15:30 Europe/Berlin",
    "1970-01-01T00:00:00Z", "2026-13-01", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g", "sad",
    "tab\\tand\\nline \\\\ ü 😀 \\u00e9",
  ]

  @Test(arguments: [
    "numeric", "numeric(10,2)", "numeric(4,-2)", "int2", "int4", "int8", "float4", "float8", "bool", "text",
    "varchar(5)",
    "char(4)", "date", "timestamp", "timestamp(1)", "timestamptz", "uuid", "jsonb", "json", "mood", "positive",
  ])
  func `a value in binary form is the one that its text is`(type: String) async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE DOMAIN positive AS numeric CHECK (value > 0);
      CREATE TABLE copy (id int PRIMARY KEY, v \(type), note text);
      CREATE TABLE expected (LIKE copy);
      CREATE TABLE refused (id int, state text);
      CREATE TABLE raw (id int, v text)
      """)
    let isJSON = type.hasPrefix("json")
    // Behind too many that go as text all do, so those of the type come first.
    let isNumber = ["numeric", "int", "float", "positive"].contains { type.hasPrefix($0) }
    let texts = Self.texts.map { "\"\($0)\"" }
    let numbers = Self.numbers + Self.numbers.map { "\"\($0)\"" }
    let values = (isNumber ? numbers + texts : texts + numbers) + ["true", "false"] + (isJSON ? [] : ["null"])
    let lines = values.enumerated().map { "{\"id\":\($0),\"v\":\($1)}\n" }
    try place.write(lines.joined(), to: "in.ndjson")
    let literals = values.enumerated().map { "(\($0), '\($1)'::json)" }.joined(separator: ", ")
    try place.sql(
      """
      SET search_path = \(place.schema), public; INSERT INTO raw SELECT id, \(isJSON ? "v::text" : "v #>> '{}'") FROM (VALUES \(literals)) x (id, v)
      """)
    try place.sql(
      """
      DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM raw LOOP \
      BEGIN INSERT INTO expected VALUES (r.id, r.v::\(type == "char(4)" || type == "varchar(5)" ? "text" : type)); \
      EXCEPTION WHEN OTHERS THEN INSERT INTO refused VALUES (r.id, SQLSTATE); END; END LOOP; END $$
      """)
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, key: [id], mode: insert",
      mappings: "{id: record.id, v: record.v}")
    try await place.run(plan)
    let difference = try place.sql(
      "SELECT coalesce(e.id, c.id), e.v, c.v FROM expected e FULL JOIN copy c USING (id) WHERE e::text IS DISTINCT FROM c::text OR e.id IS NULL OR c.id IS NULL"
    )
    #expect(difference.map { row in [values[Int(row[0] ?? "") ?? 0]] + row } == [])
    #expect(try place.deadLetters().count == place.count("refused"))
  }

  /// What the server sends in binary form, and the text that it writes, with times as RFC 3339 has them.
  @Test(arguments: [
    (
      BinaryForm.numeric, "numeric",
      """
      SELECT round((random() - 0.5)::numeric * 10::numeric ^ (g % 60 - 30), g % 25) FROM generate_series(1, 3000) g
      UNION ALL SELECT unnest('{NaN,0,0.00,-0.000,1,10000,100010000,1e-400,1e400,-1e39,0.0001,9999.9999}'::numeric[])
      """
    ),
    (
      .date, "date",
      """
      SELECT date '4713-01-01 BC' + (random() * 2147483000)::int FROM generate_series(1, 1000)
      UNION ALL SELECT date '2000-01-01' + g * 97 FROM generate_series(-9000, 9000) g
      UNION ALL SELECT unnest('{infinity,-infinity,0001-01-01,0001-12-31 BC,9999-12-31,10000-01-01}'::date[])
      """
    ),
    (
      .timestamp, "timestamp",
      """
      SELECT timestamp '2000-01-01' + g * interval '911 days 1.000001 s' FROM generate_series(-2000, 5000) g
      UNION ALL SELECT timestamp '1999-12-31 23:59:59.9' + g * interval '0.05 s' FROM generate_series(1, 9) g
      UNION ALL SELECT unnest('{infinity,-infinity,0001-01-01,0001-12-31 BC,294276-12-31 23:59:59.999999}'::timestamp[])
      """
    ),
    (
      .timestampWithZone, "timestamptz",
      "SELECT timestamptz '2000-01-01' + g * interval '811 days 7.00205 s' FROM generate_series(-2000, 5000) g"
    ),
    (.uuid, "uuid", "SELECT gen_random_uuid() FROM generate_series(1, 100)"),
    (.bytes, "bytea", "SELECT substr(sha256(g::text::bytea), 1, g % 30) FROM generate_series(1, 100) g"),
  ])
  func `a value that comes in binary form has the server's text`(form: BinaryForm, type: String, values: String) throws
  {
    let place = try Workplace()
    let (old, new) = form == .timestampWithZone ? ("[+]00", "Z") : ("", "")
    let rows = try place.sql(
      """
      SELECT regexp_replace(v::text, '^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9:.]+)\(old)$', '\\1T\\2\(new)'),
        encode(\(Self.sender(type))(v), 'hex') FROM (\(values)) x (v)
      """)
    #expect(rows.count > 50)
    for row in rows {
      let hex = Array((row[1] ?? "").utf8)
      var bytes = ByteBuffer()
      for index in stride(from: 0, to: hex.count, by: 2) {
        bytes.append(try #require(UInt8(String(decoding: hex[index..<index + 2], as: UTF8.self), radix: 16)))
      }
      let count = bytes.count
      #expect(BinaryText.append(0..<count, as: form, to: &bytes))
      let text = String(decoding: bytes.bytes[count...], as: UTF8.self)
      if text != row[0] { Issue.record("\(text) instead of \(row[0] ?? "NULL")") }
    }
  }

  private static func sender(_ type: String) -> String {
    ["numeric": "numeric_send", "uuid": "uuid_send", "bytea": "byteasend"][type] ?? "\(type)_send"
  }

  @Test func `the forms themselves`() {
    func numeric(_ text: String) -> [UInt8]? {
      var out = ByteBuffer()
      var text = text
      return text.withUTF8 { BinaryNumeric.append(UnsafeRawBufferPointer($0), to: &out) } ? Array(out.bytes) : nil
    }
    #expect(numeric("12345.678") == [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c])
    #expect(numeric("-0.00") == [0, 0, 0, 8, 0, 0, 0xff, 0xff, 0, 0, 0, 2])
    for text in ["", "-", ".", "1.2.3", "1e5", "NaN", " 1", "+1"] { #expect(numeric(text) == nil) }
  }
}
