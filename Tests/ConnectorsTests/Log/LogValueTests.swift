import CChecksum
import Records
import Testing

@testable import Connectors

struct LogValueTests {
  /// RFC 3720, B.4, and the check value of the CRC catalogue.
  @Test func checksumsAreThoseOfTheStandard() {
    let cases: [([UInt8], UInt32)] = [
      (Array("123456789".utf8), 0xe306_9283), ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
      ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43), (Array(0..<32), 0x46dd_794e),
      (Array((0..<32).reversed()), 0x113f_db5c),
    ]
    for (bytes, wanted) in cases {
      #expect(checksum_crc32c(0, bytes, bytes.count) == wanted)
      #expect(checksum_crc32c_portable(0, bytes, bytes.count) == wanted)
    }
  }

  @Test func bothWaysToTheChecksumAgree() {
    var chance = SeededRandom(seed: 7)
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &chance) }
      let before = UInt32.random(in: .min ... .max, using: &chance)
      #expect(checksum_crc32c(before, bytes, count) == checksum_crc32c_portable(before, bytes, count))
      let half = count / 2
      let parts = bytes.withUnsafeBytes { bytes -> UInt32 in
        guard let start = bytes.baseAddress else { return before }
        return checksum_crc32c(checksum_crc32c(before, start, half), start + half, count - half)
      }
      #expect(parts == checksum_crc32c(before, bytes, count))
    }
  }

  @Test func oneSyncServesAllThatCameDuringTheOneBefore() {
    var commit = GroupCommit(waitingBytesMax: 100)
    #expect(commit.begin() == nil)
    #expect(commit.take(bytes: 10) == true)
    #expect(commit.begin() == 0..<1)
    #expect(!commit.isWaiting)
    #expect(commit.take(bytes: 10) == true)
    #expect(commit.take(bytes: 10) == true)
    #expect(commit.begin() == nil)
    commit.end()
    #expect(commit.isWaiting)
    #expect(commit.begin() == 1..<3)
    commit.end()
    #expect(commit.begin() == nil)
  }

  @Test func whatWaitsHasABound() {
    var commit = GroupCommit(waitingBytesMax: 100)
    #expect(commit.take(bytes: 500) == true)
    #expect(commit.take(bytes: 1) == false)
    #expect(commit.begin() == 0..<1)
    #expect(commit.take(bytes: 60) == true)
    #expect(commit.take(bytes: 60) == false)
    #expect(commit.take(bytes: 40) == true)
    #expect(commit.next == 3)
  }

  private func segments(_ sizes: [UInt64], times: [Int64]) -> [LogSegment] {
    var base: UInt64 = 0
    return zip(sizes, times).map { size, time in
      defer { base += size }
      return LogSegment(base: base, firstSequence: 1, time: time, log: 1, size: size)
    }
  }

  @Test func oldSegmentsGo() {
    let kept = segments([100, 100, 100], times: [0, 1_000, 2_000])
    let retention = LogRetention(age: 500, bytes: .max)
    #expect(retention.expired(kept, now: 1_500, unread: nil) == 0)
    #expect(retention.expired(kept, now: 1_501, unread: nil) == 1)
    #expect(retention.expired(kept, now: 99_000, unread: nil) == 2)
    #expect(retention.expired(kept, now: 99_000, unread: 150) == 1)
    #expect(retention.expired(kept, now: 99_000, unread: 99) == 0)
  }

  @Test func tooManyBytesGo() {
    let kept = segments([100, 100, 100], times: [0, 0, 0])
    let retention = LogRetention(age: .max, bytes: 250)
    #expect(retention.expired(kept, now: 0, unread: nil) == 1)
    #expect(retention.expired(kept, now: 0, unread: nil, adding: 100) == 2)
    #expect(retention.expired(kept, now: 0, unread: 0, adding: 100) == 0)
    #expect(retention.isFull(kept, adding: 0))
  }

  @Test func aHeadIsWholeOrNone() {
    let head = LogHead(end: 4_711, nextSequence: 42)
    #expect(LogHead(head.encoded) == head)
    for place in 0..<LogHead.bytes {
      var torn = head.encoded
      torn[place] ^= 0x10
      #expect(LogHead(torn) == nil)
    }
  }
}
