extension CodeBook {
  /// What reading and writing records raises.
  public static let records = CodeBook([
    Entry(
      "decode.csv_quote", "a quote out of place",
      "A cell in quotes is not closed, or text stands between its closing quote and the next delimiter.",
      remedy: "Mend the row: a cell that holds a quote is written in quotes, and the quote inside is doubled. Check"
        + " csv.delimiter."),
    Entry(
      "decode.csv_ragged", "a row of another width", "The row has more or fewer cells than there are columns.",
      remedy: "Mend the row: a cell that holds the delimiter or a line break stands in quotes."),
    Entry(
      "decode.invalid_json", "a record that is not JSON",
      "The record breaks the rules of JSON at the place in the message, or is not UTF-8.",
      remedy: "Mend it in the source; the dead letter holds its text byte for byte."),
    Entry(
      "decode.invalid_utf8", "a row that is not UTF-8", "The row has bytes that are no UTF-8 text.",
      remedy: "Convert the file, for instance with iconv; the dead letter holds the row in base64."),
    Entry(
      "decode.not_an_object", "a record that is no object", "A record is a JSON object, and this is another value.",
      remedy: "Wrap the value in an object where the file is made."),
    Entry(
      "decode.record_too_long", "a record too long", "The record has more bytes than record_bytes allows.",
      remedy: "Raise source.record_bytes. If the file has no line breaks, check source.format."),
    Entry(
      "decode.too_deep", "nesting too deep", "Objects and arrays stand inside each other beyond the bound.",
      remedy: "Flatten the record where it is made."),
    Entry(
      "file.delete_unsupported", "a delete for a file",
      "The event deletes a row, and a file of rows cannot say that something is gone.",
      remedy: "Filter deletes out, for instance `filter: op != \"delete\"`, or write to a target that can delete."),
  ])
}
