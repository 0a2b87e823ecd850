import Glibc
import Records
import Testing

@testable import Connectors

/// What waits in many sockets, sent in one call.
struct SendBatchTests {
  /// One end of a connection, and the other's descriptor.
  private func pair() -> (StreamSocket, Int32) {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    return (StreamSocket(ends[0], nil), ends[1])
  }

  private func read(_ descriptor: Int32, _ count: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    var read = 0
    while read < count {
      let more = recv(descriptor, &bytes[read], count - read, 0)
      guard more > 0 else { break }
      read += more
    }
    return String(decoding: bytes[..<read], as: UTF8.self)
  }

  /// More than go in one call, in two rounds, each to its own.
  @Test(arguments: [0, 200, 10_000]) func eachSocketSendsItsOwn(alone: Int) {
    let pairs = (0..<150).map { _ in pair() }
    let batch = SendBatch(alone: alone)
    for round in ["first", "second"] {
      for (place, pair) in pairs.enumerated() { pair.0.output.append("\(round) of \(place)") }
      var told: [Int] = []
      batch.send(pairs.map(\.0)) { place, isOpen in if isOpen { told.append(place) } }
      #expect(told == Array(0..<150))
      for (place, pair) in pairs.enumerated() {
        let text = "\(round) of \(place)"
        #expect(pair.0.isSent && read(pair.1, text.utf8.count) == text)
      }
    }
    for pair in pairs { close(pair.1) }
  }

  @Test(arguments: [0, 10_000]) func whoIsGoneAndWhoIsFullHoldNobodyUp(alone: Int) {
    signal(SIGPIPE, SIG_IGN)
    let pairs = (0..<3).map { _ in pair() }
    close(pairs[0].1)
    let large = String(repeating: "x", count: 4 << 20)
    pairs[0].0.output.append("a")
    pairs[1].0.output.append(large)
    pairs[2].0.output.append("c")
    let batch = SendBatch(alone: alone)
    var told: [Bool] = []
    batch.send(pairs.map(\.0)) { _, isOpen in told.append(isOpen) }
    #expect(told == [false, true, true])
    #expect(!pairs[1].0.isSent && pairs[2].0.isSent && read(pairs[2].1, 1) == "c")
    // What is left of the large one goes on from where it stopped.
    var came = 0
    while came < large.utf8.count {
      came += read(pairs[1].1, min(large.utf8.count - came, 64 << 10)).utf8.count
      #expect(pairs[1].0.flush())
    }
    #expect(pairs[1].0.isSent)
    for pair in pairs.dropFirst() { close(pair.1) }
  }

  @Test func nothingIsSentOfNothing() {
    let batch = SendBatch()
    batch.send([]) { _, _ in Issue.record("there is no socket") }
  }
}
