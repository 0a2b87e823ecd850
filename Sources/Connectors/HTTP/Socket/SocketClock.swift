import Glibc

/// The time since the machine started, for deadlines of connections.
enum SocketClock {
  static func milliseconds() -> Int64 { microseconds() / 1_000 }

  static func microseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
