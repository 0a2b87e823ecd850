import Records
import Synchronization

/// What serves the requests of one path. Called from the threads of all loops.
protocol HTTPService: AnyObject, Sendable {
  /// Tells its waits from those of others; see ``ServiceNumber``.
  var number: Int { get }
  /// The longest body it takes, in bytes.
  var bodyBytesMax: Int { get }

  /// What can be refused before the body has come; nil to go on.
  func refusal(of head: HTTPRequest, _ bytes: borrowing ByteBuffer) -> HTTPResponse?

  /// Serves a whole request.
  func serve(_ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ tools: ServiceTools) -> Served

  /// Sees to it that the tickets are settled that ``serve(_:_:_:)`` gave. A loop calls it once it has served all that
  /// came, so that they are settled together.
  func settle()
}

extension HTTPService {
  /// For those who give no tickets.
  func settle() {}
}

/// Numbers that tell services apart.
enum ServiceNumber {
  private static let numbers = Atomic<Int>(0)
  /// One that was never given before in this process.
  static func next() -> Int { numbers.add(1, ordering: .relaxed).newValue }
}

/// What came of a request.
enum Served: Equatable {
  case answer(HTTPResponse)
  /// The answer comes when this ticket is settled.
  case waits(ticket: UInt64)
}

/// What a loop lends to the services that it calls, so that they need no memory of their own a request.
final class ServiceTools {
  var attributes = ByteBuffer()
  var plain = ByteBuffer()
  let keys = KeyTable()
  var nodes = RawArray<Node>()
  var reader: JSONReader

  init() { reader = JSONReader(keys: keys) }

  /// Whether a range is JSON, and why it is not.
  func problem(_ bytes: borrowing ByteBuffer, _ range: Range<Int>) -> JSONProblem? {
    nodes.removeAll()
    nodes.shrink(to: 1 << 16)
    do throws(JSONProblem) {
      _ = try reader.read(bytes, range, into: &nodes)
      return nil
    } catch {
      return error
    }
  }
}
