import Records

@testable import Expressions

/// Any text is an expression or is none, and one that is gives a value of a record or says why not.
///
/// The text ends at the first line break; what follows is the records.
func fuzzExpression(_ input: UnsafeRawBufferPointer) {
  let parts = input.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
  let text = String(decoding: parts[0], as: UTF8.self)
  guard let expression = try? EventExpression(text) else { return }
  let records = parts.count == 2 ? UnsafeRawBufferPointer(rebasing: parts[1]) : FuzzForms.usual
  expectSame(FuzzForms([expression]), records)
}

/// Expressions of common forms over any records: what they give is what their evaluation gives.
func fuzzForms(_ input: UnsafeRawBufferPointer) { expectSame(FuzzForms.known, input) }

private func expectSame(_ forms: FuzzForms, _ records: UnsafeRawBufferPointer) {
  let short = outcome(forms.short, records)
  let long = outcome(forms.long, records)
  if short != long { fatalError("\(zip(short, long).filter { $0 != $1 }), of \(forms.texts)") }
}

/// The cells, as JSON with their hidden type, texts without their escapes, and the failures.
private func outcome(_ program: MappingProgram, _ records: UnsafeRawBufferPointer) -> [String] {
  let batch = Batch()
  batch.bytes.append(records)
  batch.origin = Origin(name: "fuzz", offset: 0, line: 1)
  JSONRecordDecoder().decode(batch)
  MappingExecutor(program).map(batch)
  var seen: [String] = []
  for row in batch.rows.rows.indices {
    for column in program.columns.names.indices {
      let cell = batch.rows.cells[Int(batch.rows.rows[row].firstCell) + column]
      var json = ByteBuffer()
      NodeJSON.append(cell: cell, of: batch, to: &json)
      seen.append("\(cell.kind) \(cell.flags.contains(.typed)) \(cell.kind == .string ? batch.text(cell) : json.text)")
    }
  }
  return seen + batch.failures.map { "\($0.event) \($0.code) \($0.message)" }
}

/// Expressions as a mapping of one field each, as they are run and without their common forms.
private struct FuzzForms {
  var texts: [String]
  var short: MappingProgram
  var long: MappingProgram

  init(_ expressions: [EventExpression]) {
    texts = expressions.map(\.text)
    short = Self.program(expressions)
    long = Self.program(
      expressions.map { expression in
        var expression = expression
        expression.form = nil
        return expression
      })
  }

  private static func program(_ expressions: [EventExpression]) -> MappingProgram {
    let names = expressions.indices.map { "f\($0)" }
    let fields = zip(names, expressions).map { name, expression in
      var field = FieldMapping(from: .expression(expression))
      field.onError = .null
      return Mapping.Field(name, field)
    }
    return MappingProgram(
      transforms: [], mapping: Mapping(fields: fields), columns: Columns(names: names, key: []), lanes: 1)
  }

  /// Over short names that a fuzzer finds; one that is not compiled ends the program at its start.
  static let known = FuzzForms(
    [
      "record.a.trim()", "int(record.a)", "decimal(record.a)", "string(record.a)", "record.a.lowerAscii()",
      "record.a.trim().upperAscii()", "decimal(record.a.trim())", "int(record.o.b)", "string(int(record.a))",
      "record.a == 'x' ? 'y' : record.a == '' ? 'z' : 'no'", "record.a == 'x' ? 1 : record.o.b == 'y' ? 2 : 3",
      "record.n > 5 ? record.a : record.o.b", "coalesce(record.a, record.t[0], '')", "coalesce(int(record.a), 5)",
      "record.?a.orValue('none')", "record.o.?b.orValue(record.n)", "{'x': 1, 'é': null}[?record.a].orValue(0)",
      "record.a in ['x', '']", "record.a == 1.5 || record.a != 42", "record.a > 5 && record.a < 50",
      "has(record.o.b) && record.o.b != null ? record.o.b : -1", "record.a || record.n", "record.?o",
    ].map { try! EventExpression($0) })

  /// Where the input has none.
  nonisolated(unsafe) static let usual: UnsafeRawBufferPointer = {
    let text = Array(#"{"a":" x","n":7,"o":{"b":"12.50"},"t":["é",null,2]}"#.utf8)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
    bytes.copyBytes(from: text)
    return UnsafeRawBufferPointer(bytes)
  }()
}
