import ConnectorKit
import Records

/// How CSV is read and written.
struct CSVSettings: SettingGroup {
  @Setting("Whether the first row names the columns.") var header: Bool = true
  @Setting("What stands between two cells, one ASCII character.", example: "\";\"") var delimiter: String = ","
  @Setting(
    "The text of a cell without quotes that stands for null. Without it an empty cell is an empty text when reading, "
      + "and null is an empty cell when writing.",
    example: "\"\"", allowsEmpty: true)
  var null: String?
  @Setting("Names of the columns, in order. With a header they take the place of its names.") var columns: [String]?

  init() {}

  var dialect: CSVDialect { CSVDialect(delimiter: delimiter.utf8.first ?? UInt8(ascii: ","), null: null) }

  func problems() -> [Problem] {
    var problems: [Problem] = []
    if delimiter.utf8.count != 1
      || delimiter.utf8.contains(where: { $0 == 0x22 || $0 == 0x0a || $0 == 0x0d || $0 > 0x7e })
    {
      problems.append(
        Problem(
          "delimiter", "must be one ASCII character, no quote and no line break", hint: "a tab is written \"\\t\""))
    }
    if let null, null.utf8.contains(where: { dialect.delimiter == $0 || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }) {
      problems.append(Problem("null", "must hold no delimiter, quote or line break"))
    }
    if let columns, let problem = columns.isEmpty ? "names no column" : CSVHeader.problem(columns)?.message {
      problems.append(Problem("columns", problem))
    }
    return problems
  }

  /// What is wrong with them for a source.
  var problemsOfSource: [Problem] {
    header || columns != nil
      ? []
      : [Problem("csv.columns", "is missing: without a header nothing names the columns", hint: "columns: [id, name]")]
  }

  /// What is wrong with them for a target.
  var problemsOfTarget: [Problem] {
    columns == nil
      ? [] : [Problem("csv.columns", "is for sources: the columns of a target are the fields under mappings")]
  }
}
