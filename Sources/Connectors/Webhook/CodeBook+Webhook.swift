import Records

extension CodeBook {
  /// What servers raise.
  static let webhook: [Entry] = [
    Entry(
      "webhook.cannot_listen", "an address that cannot be listened on",
      "Another program listens there, the host is not this machine's, or the port needs a right of its own.",
      remedy: "Choose another port, or stop the program that has this one."),
    Entry(
      "webhook.open_to_all", "a webhook that everybody may post to",
      "It listens beyond this machine, and nothing says who may post.",
      remedy: "Set verify, or tls.ca, or listen on 127.0.0.1 behind a proxy that checks."),
    Entry(
      "webhook.path_taken", "a path that another pipeline serves", "Two pipelines of this process serve the same path.",
      remedy: "Give each a path of its own; a second pipeline reads the same events with `type: log`."),
    Entry(
      "webhook.secret_form", "a secret of another form", "The secret cannot be one of the scheme that verify names.",
      remedy: "Take the secret as the sender shows it, with its whsec_."),
    Entry(
      "webhook.tls", "TLS that cannot be set up",
      "A file under tls cannot be read, or the key is not the certificate's.",
      remedy: "Check the files: PEM, readable for the user that runs millrace."),
    Entry(
      "webhook.tls_differs", "one address with two TLS settings", "Pipelines that share an address share its TLS.",
      remedy: "Give both the same tls, or each a port of its own."),
  ]
}
