import ConnectorKit
import Records

extension HTTPSourceConnector: SourceConnectionCheck {
  /// The first page, as a run reads it.
  func check(_ context: Context) async -> SourceCheck {
    do throws(ConnectorError) {
      try await makeSource(context).readFirst()
      return SourceCheck()
    } catch {
      return SourceCheck(problems: [Problem(error.settingOfAPI, error)])
    }
  }
}

extension HTTPTargetConnector: TargetConnectionCheck {
  /// Rows cannot be sent to see whether they are taken; so it is seen whether the server is there, whether a token is had, and
  /// what `read` names can be read.
  func check(_ context: Context, _ streams: [TargetStream]) async -> [[Problem]] {
    var problems: [[Problem]] = []
    for stream in streams {
      let own = (stream.settings as? HTTPTargetConnector) ?? self
      problems.append(await own.problems(context, stream))
    }
    return problems
  }

  private func problems(_ context: Context, _ stream: TargetStream) async -> [Problem] {
    do throws(ConnectorError) {
      try greet(context)
    } catch {
      return [Problem(error.settingOfAPI, error)]
    }
    guard read != nil else { return [] }
    do throws(ConnectorError) {
      try await makeReader(context, stream).readFirst()
      return []
    } catch {
      return [Problem(error.code == "http.no_token" ? "auth" : "read", error)]
    }
  }

  /// Asks the server for nothing, and takes any answer: only that there is one says something.
  private func greet(_ context: Context) throws(ConnectorError) {
    guard let begin = URLParts(RowTemplate(url.reveal())?.literal ?? "") else { return }
    let client = try HTTPClient(client(context), requestsMax: 1, answerMax: 1 << 10)
    let authorizer = Authorizer(auth, wallTime: context.wallTime)
    try authorizer.prepare(client)
    let transfer = client.transfer()
    transfer.method = "OPTIONS"
    transfer.hasBody = false
    transfer.url.append("\(begin.scheme)://\(begin.host)/")
    authorizer.authorize(transfer, signing: [])
    guard let failure = try client.send(transfer).failure else { return }
    switch AnswerReader.verdict(of: failure, at: place) {
    case .later(let error), .stop(let error): throw error
    case .stored, .refused: return
    }
  }
}

extension ConnectorError {
  /// Which setting of an API it is about.
  fileprivate var settingOfAPI: String {
    switch code {
    case "http.no_token", "http.unauthorized": "auth"
    case "http.tls": "tls"
    default: "url"
    }
  }
}

extension Source {
  /// Reads a batch and forgets it.
  fileprivate func readFirst() async throws(ConnectorError) {
    try await readBatches { _ throws(ConnectorError) in false }
  }
}
