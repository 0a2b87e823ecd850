import Records

extension CodeBook {
  /// What requests to other servers raise.
  static let http: [Entry] = [
    Entry(
      "http.bad_answer", "an answer of another form", "The server's answer is not what the settings say it is.",
      remedy: "Compare the answer (curl shows it) with the settings that name its parts."),
    Entry(
      "http.bad_header", "a header that cannot be sent", "The value has a line break or another control character.",
      remedy: "Take it out in the mapping, or leave the field out of the header."),
    Entry(
      "http.bad_url", "an address that cannot be", "libcurl cannot send a request to the address.",
      remedy: "Write http:// or https://, host and path; what may differ from row to row is written `{field}`."),
    Entry(
      "http.busy", "a server that is busy",
      "It answered 429 or 503. The request waits as long as it asks, and goes again.",
      remedy: "Nothing, if it passes; lower requests_at_once or limits.rate if it does not."),
    Entry(
      "http.field_missing", "a request without a part of it",
      "A field that the address or an event's attribute is made of has no text in this row.",
      remedy: "Give the field `required: true` or a default in the mappings."),
    Entry(
      "http.interrupted", "a request that was broken off", "The run ended before the answer came; it is sent again.",
      remedy: "Nothing; the next run sends it with the same key."),
    Entry(
      "http.no_form", "a form that cannot be", "A form holds texts, and the field is a list or an object.",
      remedy: "Map it to a text, or set body: row."),
    Entry(
      "http.no_memory", "no memory for requests", "libcurl could not get what it needs.",
      remedy: "Lower requests_at_once, or give the machine more memory."),
    Entry(
      "http.no_token", "no token", "The authorization server gave no access token.",
      remedy: "Check token_url, client_id, client_secret and scope under auth.oauth2."),
    Entry(
      "http.no_truncate", "a truncate that cannot be sent", "No request stands for emptying a whole table.",
      remedy: "Empty the other side by hand, and discard the letter."),
    Entry(
      "http.not_open", "a target that is not open", "It was written to before it was opened.",
      remedy: "Tell us: this is a fault of the program."),
    Entry(
      "http.not_served", "a method or an address that is not served",
      "The server says that it does not know such requests, whatever stands in them.",
      remedy: "Check url and method; `answers` says what a status means."),
    Entry(
      "http.redirected", "an address that has moved", "The server points elsewhere; what is sent does not follow.",
      remedy: "Set url to where the server points."),
    Entry(
      "http.refused", "a row that the server refuses",
      "It answered that the request is wrong, so it will never be taken.",
      remedy: "Read the server's words, mend the mapping or the record, and replay the letter."),
    Entry(
      "http.rows_and_fields", "a body of all rows and of one", "The body names `{rows}` and fields of a single row.",
      remedy: "Leave out the fields, or write `{row}` in place of `{rows}`."),
    Entry(
      "http.server_error", "a server that failed", "It answered 5xx. The request goes again, with the same key.",
      remedy: "Nothing, if it passes; otherwise look into the server's log."),
    Entry(
      "http.timed_out", "an answer that did not come",
      "Nobody knows whether the server has done it. The request goes again with the same key, so that it can tell.",
      remedy: "Raise timeout if the server is slow; lower requests_at_once if it is crowded."),
    Entry(
      "http.tls", "a server that is not trusted",
      "Its certificate does not prove who it is, or ours could not be used.",
      remedy: "Name the authority that signed it under tls.ca, or check tls.certificate and tls.key."),
    Entry(
      "http.unauthorized", "a request that is not allowed", "The server answered 401 or 403.",
      remedy: "Check auth, and what its account may do."),
    Entry(
      "http.unknown_field", "a field that is not mapped", "A `{name}` is no field of the mappings.",
      remedy: "Name a field of the mappings; for the text itself write `{{name}}`."),
    Entry(
      "http.unreachable", "a server that cannot be reached",
      "No connection came about, or it broke. It is tried again.",
      remedy: "Check the address, the network and the proxy."),
  ]
}
