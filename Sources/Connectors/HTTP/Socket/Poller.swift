import CEpoll
import Glibc

/// Waits for many sockets at once (epoll), and for other threads that ring. Belongs to one loop but for ``ring()``.
final class Poller: Sendable {
  struct Interest: OptionSet, Sendable {
    let rawValue: UInt32
    static let reading = Interest(rawValue: EPOLLIN.rawValue)
    static let writing = Interest(rawValue: EPOLLOUT.rawValue)
    /// Something new is told once: for who then reads all that is there.
    static let once = Interest(rawValue: EPOLLET.rawValue | EPOLLRDHUP.rawValue)
  }

  struct Happening {
    var key: UInt64
    var isReadable: Bool
    /// Whether the other side has said that nothing more comes; only with ``Interest/once``.
    var isEnding: Bool
    var isWritable: Bool
  }

  /// The key of a ring.
  static let bell = UInt64.max
  /// How many happenings are taken at once.
  private static let happeningsMax = 256

  private let epoll: Int32
  private let event: Int32

  /// nil where the system gives no more descriptors.
  init?() {
    epoll = epoll_open()
    event = epoll_bell()
    guard epoll >= 0, event >= 0 else { return nil }
    add(event, key: Self.bell, .reading)
  }

  deinit {
    close(event)
    close(epoll)
  }

  func add(_ descriptor: Int32, key: UInt64, _ interest: Interest) { control(EPOLL_CTL_ADD, descriptor, key, interest) }
  func change(_ descriptor: Int32, key: UInt64, _ interest: Interest) {
    control(EPOLL_CTL_MOD, descriptor, key, interest)
  }
  func remove(_ descriptor: Int32) { control(EPOLL_CTL_DEL, descriptor, 0, []) }

  private func control(_ operation: Int32, _ descriptor: Int32, _ key: UInt64, _ interest: Interest) {
    var wanted = epoll_event(events: interest.rawValue, data: epoll_data(u64: key))
    epoll_ctl(epoll, operation, descriptor, &wanted)
  }

  /// Wakes whoever waits, or the next wait.
  func ring() {
    var one: UInt64 = 1
    _ = write(event, &one, 8)
  }

  /// Waits no longer than so many milliseconds. What hung up counts as readable, so that reading tells.
  func wait(_ milliseconds: Int32, _ body: (Happening) -> Void) {
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.happeningsMax) { events in
      let count = epoll_wait(epoll, events.baseAddress, Int32(Self.happeningsMax), milliseconds)
      for index in 0..<Int(max(0, count)) {
        let bits = events[index].events
        let key = events[index].data.u64
        if key == Self.bell { drain() }
        body(
          Happening(
            key: key, isReadable: bits & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0,
            isEnding: bits & EPOLLRDHUP.rawValue != 0,
            isWritable: bits & EPOLLOUT.rawValue != 0))
      }
    }
  }

  private func drain() {
    var count: UInt64 = 0
    _ = read(event, &count, 8)
  }
}
