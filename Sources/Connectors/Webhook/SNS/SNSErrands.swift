import ConnectorKit
import Records
import Synchronization

/// Fetches SNS's certificates and confirms its subscriptions, on a thread of its own.
final class SNSErrands: Sendable {
  /// The most addresses that are known at once, in addresses; SNS has one certificate for a region.
  private static let knownMax = 64
  /// How long after a failure an address is left alone, in milliseconds.
  private static let failureRest: Int64 = 2_000
  /// The most of an answer that is kept, in bytes.
  private static let answerMax = 64 << 10

  private enum Errand {
    case underWay
    case done([UInt8])
    case failed(at: Int64)
  }

  private struct State {
    var errands: [String: Errand] = [:]
    var waiting: [String] = []
    var thread: ServerThread?
    var isRunning = false
  }

  private let settings: ClientSettings
  private let state = Mutex(State())

  init(_ settings: ClientSettings) { self.settings = settings }

  /// As PEM; nil as long as it is not here.
  func certificate(at url: String) -> [UInt8]? { answer(of: url) }

  /// Whether SNS has heard it.
  func isConfirmed(_ url: String) -> Bool { answer(of: url) != nil }

  /// Waits for the one errand that is under way; nobody asks any more.
  func stop() {
    let thread = state.withLock { state in
      state.waiting.removeAll()
      defer { state.thread = nil }
      return state.thread
    }
    thread?.join()
  }

  private func answer(of url: String) -> [UInt8]? {
    state.withLock { state in
      switch state.errands[url] {
      case .done(let bytes): return bytes
      case .underWay: return nil
      case .failed(let time) where SocketClock.milliseconds() - time < Self.failureRest: return nil
      case .failed, nil: break
      }
      send(url, &state)
      return nil
    }
  }

  private func send(_ url: String, _ state: inout State) {
    if state.errands.count >= Self.knownMax, state.errands[url] == nil { state.errands.removeAll() }
    state.errands[url] = .underWay
    state.waiting.append(url)
    if state.isRunning { return }
    // It has said that it ends, so this does not wait.
    state.thread?.join()
    state.isRunning = true
    state.thread = ServerThread { [self] in run() }
    if state.thread == nil {
      state.isRunning = false
      state.waiting.removeAll()
      state.errands[url] = .failed(at: SocketClock.milliseconds())
    }
  }

  private func run() {
    while let url = next() {
      let answer = fetch(url)
      state.withLock { state in
        state.errands[url] = answer.map { .done($0) } ?? .failed(at: SocketClock.milliseconds())
      }
    }
  }

  private func next() -> String? {
    state.withLock { state in
      if state.waiting.isEmpty {
        state.isRunning = false
        return nil
      }
      return state.waiting.removeFirst()
    }
  }

  /// nil where it failed; it is tried again when the next caller asks.
  private func fetch(_ url: String) -> [UInt8]? {
    guard let client = try? HTTPClient(settings, requestsMax: 1, answerMax: Self.answerMax) else { return nil }
    let transfer = client.transfer()
    transfer.method = "GET"
    transfer.hasBody = false
    transfer.url.append(url)
    guard let answer = try? client.send(transfer), answer.isAnswered, (200...299).contains(answer.status),
      !answer.isCut
    else { return nil }
    return Array(answer.answer.bytes)
  }
}
