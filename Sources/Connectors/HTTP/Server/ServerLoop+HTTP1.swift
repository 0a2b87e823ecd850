import Records

extension ServerLoop {
  /// Takes what the socket has, and serves the requests in it.
  func read(_ connection: ServerConnection) {
    while true {
      guard let room = room(connection) else { return }
      connection.input.reserve(room)
      let result = connection.socket.read(
        into: UnsafeMutableRawBufferPointer(start: connection.input.end, count: room))
      switch result {
      case .ended, .broken: return ended(connection)
      case .later: return advance(connection)
      case .bytes(let count):
        connection.input.advance(by: count)
        take(connection)
        // A short read has emptied the socket; what TLS holds back shows in a further read alone.
        if count < room, !connection.socket.isTLS { return }
        if connection.isAwaiting || connection.isLingering || !isOpen(connection) { return }
      }
    }
  }

  /// How much may be read; nil where there is no memory for it, and the caller hears so.
  private func room(_ connection: ServerConnection) -> Int? {
    let wanted = max(ServerLimits.readBytes, min(connection.reader.wanted(connection.input) ?? 0, 1 << 20))
    let more = connection.input.count + wanted - ServerLimits.freeBytes - connection.reserved
    guard more > 0 else { return wanted }
    guard server.reserve(bytes: more, beside: connection.reserved) else {
      connection.endsWhenSent = true
      respond(
        connection, HTTPResponse(503, "too many long bodies are under way", retryAfter: ServerLimits.retryAfter))
      return nil
    }
    connection.reserved += more
    return wanted
  }

  private func ended(_ connection: ServerConnection) {
    // Its answer cannot be read any more; the event is stored all the same.
    close(connection)
  }

  private func take(_ connection: ServerConnection) {
    if connection.isLingering { return connection.input.removeAll() }
    connection.deadline = now + ServerLimits.pauseMax
    if connection.socket.isHTTP2, connection.http2 == nil { connection.http2 = HTTP2Session(self, connection) }
    guard let http2 = connection.http2 else { return process(connection) }
    if !http2.receive(&connection.input) { connection.endsWhenSent = true }
    connection.deadline = now + (http2.isIdle ? ServerLimits.idleMax : ServerLimits.pauseMax)
    advance(connection)
  }

  /// Serves what is whole, one request after the other.
  func process(_ connection: ServerConnection) {
    while !connection.isAwaiting, !connection.endsWhenSent {
      switch connection.reader.step(&connection.input) {
      case .more:
        settleDeadlines(connection)
        return advance(connection)
      case .head:
        if !begin(connection) { return }
      case .request: serve(connection)
      case .refused(let refusal):
        connection.endsWhenSent = true
        respond(connection, HTTPResponse(refusal.status, refusal.message))
      }
    }
  }

  private func settleDeadlines(_ connection: ServerConnection) {
    if connection.reader.isBetween(connection.input) {
      connection.deadline = now + ServerLimits.idleMax
      connection.requestDeadline = .max
      connection.input.shrink(to: ServerLimits.readBytes)
      server.release(bytes: connection.reserved)
      connection.reserved = 0
    } else if connection.requestDeadline == .max {
      connection.requestDeadline = now + (connection.reader.isInBody ? ServerLimits.requestMax : ServerLimits.headMax)
    }
  }

  /// Looks at a head; false where the request ends with it.
  private func begin(_ connection: ServerConnection) -> Bool {
    let path = connection.input.bytes[connection.reader.request.path]
    guard let service = server.service(path) else {
      return refuse(connection, server.missing(now: now))
    }
    if let refusal = service.refusal(of: connection.reader.request, connection.input) {
      return refuse(connection, refusal)
    }
    do throws(HTTPRefusal) {
      try connection.reader.begin(bodyMax: service.bodyBytesMax)
    } catch {
      return refuse(connection, HTTPResponse(error.status, error.message))
    }
    connection.service = service
    connection.requestDeadline = now + ServerLimits.requestMax
    if connection.reader.request.expectsContinue, connection.reader.isInBody {
      HTTPResponse(status: 100).append(to: &connection.socket.output, closes: false)
      advance(connection)
    }
    return true
  }

  /// A request without a body leaves the connection as it was; behind any other nobody knows what comes.
  private func refuse(_ connection: ServerConnection, _ answer: HTTPResponse) -> Bool {
    try? connection.reader.begin(bodyMax: 0)
    guard connection.reader.step(&connection.input) == .request else {
      connection.endsWhenSent = true
      respond(connection, answer)
      return false
    }
    connection.service = nil
    respond(connection, answer)
    return true
  }

  private func serve(_ connection: ServerConnection) {
    guard let service = connection.service else { return }
    switch service.serve(connection.reader.request, connection.input, tools) {
    case .answer(let answer): respond(connection, answer)
    case .waits(let ticket):
      connection.isAwaiting = true
      connection.requestDeadline = .max
      connection.deadline = .max
      wait(for: ticket, of: service, connection)
    }
  }

  /// Answers the request that was read last.
  func respond(_ connection: ServerConnection, _ answer: HTTPResponse) {
    if !connection.reader.request.isKeptAlive { connection.endsWhenSent = true }
    let hasBody = connection.reader.request.method != .head
    answer.append(to: &connection.socket.output, closes: connection.endsWhenSent, hasBody: hasBody)
    connection.service = nil
    if !connection.endsWhenSent { connection.reader.finish(&connection.input) }
    advance(connection)
  }
}
