import ConnectorKit
import Testing

@testable import Connectors

/// The stream as a conversation: what the server says, and what is given out.
struct StreamConversationTests {
  /// What a server says.
  private enum Said {
    case begin(UInt64)
    case origin(String)
    case change(UInt32)
    case truncate([UInt32])
    case commit(UInt64, end: UInt64)
    case alive(UInt64)
  }

  private static func conversation(
    at lsn: UInt64 = 100, inside: (UInt64, Int64)? = nil, ignoring: IgnoredOrigins = .none
  ) -> StreamConversation {
    let position = StreamPosition(
      system: "s", lsn: LSN(lsn), inside: inside.map { .init(commit: LSN($0.0), changes: $0.1) })
    var conversation = StreamConversation(at: position, ignoring: ignoring)
    conversation.described(1, as: 0)
    conversation.described(2, as: nil)
    return conversation
  }

  /// - Returns: the changes that were given out, as `commit.number`.
  @discardableResult
  private static func tell(_ said: [Said], to conversation: inout StreamConversation) throws -> [String] {
    var given: [String] = []
    for part in said {
      switch part {
      case .begin(let commit): try conversation.began(.init(commit: LSN(commit), time: 0, transaction: 1))
      case .origin(let name): conversation.came(from: name)
      case .change(let relation):
        if case .given = try conversation.changed(relation) {
          given.append("\(conversation.begin?.commit.rawValue ?? 0).\(conversation.changes)")
        }
      case .truncate(let relations):
        if try !conversation.truncated(relations).isEmpty { given.append("truncate") }
      case .commit(let commit, let end):
        try conversation.committed(.init(commit: LSN(commit), end: LSN(end), time: 0))
      case .alive(let end): _ = conversation.kept(aliveAt: LSN(end))
      }
    }
    return given
  }

  @Test func `changes are given out once, in whole transactions`() throws {
    var conversation = Self.conversation()
    let given = try Self.tell(
      [
        .begin(110), .change(1), .change(2), .change(1), .commit(110, end: 115), .begin(120), .truncate([2, 1]),
        .truncate([2]), .commit(120, end: 125),
      ], to: &conversation)
    #expect(given == ["110.1", "110.3", "truncate"])
    #expect(conversation.position == StreamPosition(system: "s", lsn: LSN(125)))
  }

  @Test func `what was given out before is passed over`() throws {
    var conversation = Self.conversation(at: 115, inside: (120, 2))
    let given = try Self.tell(
      [
        .begin(110), .change(1), .commit(110, end: 115), .begin(120), .change(1), .change(1), .change(1),
        .commit(120, end: 125), .begin(130), .change(1), .commit(130, end: 135),
      ], to: &conversation)
    #expect(given == ["120.3", "130.1"])
  }

  /// Every place at which a stream may break off leads to the same changes, each once.
  @Test func `a stream goes on at every place`() throws {
    let said: [Said] = [
      .begin(110), .change(1), .change(2), .change(1), .commit(110, end: 115), .alive(118), .begin(120), .change(1),
      .commit(120, end: 125), .alive(140), .begin(150), .change(2), .commit(150, end: 155), .begin(160), .change(1),
      .truncate([1]), .change(1), .commit(160, end: 165),
    ]
    var whole = Self.conversation()
    let all = try Self.tell(said, to: &whole)
    for place in 0...said.count {
      var before = Self.conversation()
      var given = try Self.tell(Array(said.prefix(place)), to: &before)
      var after = StreamConversation(at: before.position)
      after.described(1, as: 0)
      after.described(2, as: nil)
      given += try Self.tell(said, to: &after)
      #expect(given == all, "broken off after \(place)")
      #expect(after.position == whole.position)
    }
  }

  @Test func `a place inside of a transaction that does not come again is a gap`() throws {
    var conversation = Self.conversation(at: 115, inside: (120, 2))
    #expect(throws: StreamConversation.Fault.gap(expected: LSN(120), found: LSN(130))) {
      try Self.tell([.begin(130)], to: &conversation)
    }
    var shorter = Self.conversation(at: 115, inside: (120, 2))
    #expect(throws: StreamConversation.Fault.self) {
      try Self.tell([.begin(120), .change(1), .commit(120, end: 125)], to: &shorter)
    }
  }

  @Test func `transactions of ignored origins are not given out, and move the place`() throws {
    let said: [Said] = [
      .begin(110), .origin("mine"), .change(1), .commit(110, end: 115), .begin(120), .origin("other"), .change(1),
      .commit(120, end: 125), .begin(130), .change(1), .commit(130, end: 135), .begin(140), .origin("mine"),
      .change(1), .commit(140, end: 145),
    ]
    var one = Self.conversation(ignoring: .named(["mine"]))
    #expect(try Self.tell(said, to: &one) == ["120.1", "130.1"])
    #expect(one.position.lsn == LSN(145))
    var all = Self.conversation(ignoring: .any)
    #expect(try Self.tell(said, to: &all) == ["130.1"])
    var none = Self.conversation()
    #expect(try Self.tell(said, to: &none).count == 4)
  }

  @Test func `a quiet stream moves with the server's log, but not inside of a transaction`() throws {
    var conversation = Self.conversation()
    let moved = [105, 105].map { conversation.kept(aliveAt: LSN($0)) }
    #expect(moved == [true, false])
    try Self.tell([.begin(110), .alive(108)], to: &conversation)
    #expect(conversation.position.lsn == LSN(105))
    let movedInside = conversation.kept(aliveAt: LSN(109))
    #expect(!movedInside)
    var resumed = Self.conversation(at: 115, inside: (120, 2))
    let movedAgain = resumed.kept(aliveAt: LSN(118))
    #expect(!movedAgain)
    #expect(resumed.position.inside != nil)
  }

  @Test func `the server hears of what is durable, never of what was received`() throws {
    var conversation = Self.conversation()
    try Self.tell([.begin(110), .change(1), .commit(110, end: 115), .alive(150)], to: &conversation)
    #expect(conversation.status() == StandbyStatus(received: LSN(150), durable: .zero))
    conversation.acknowledged(StreamPosition(system: "s", lsn: LSN(115)))
    conversation.acknowledged(StreamPosition(system: "s", lsn: LSN(105)))
    #expect(conversation.status() == StandbyStatus(received: LSN(150), durable: LSN(115)))
  }

  private static let impossible: [[Said]] = [
    [.change(1)], [.commit(1, end: 2)], [.begin(110), .begin(120)], [.begin(110), .commit(120, end: 125)],
    [.begin(110), .change(9)], [.begin(110), .truncate([1, 9])],
  ]

  @Test(arguments: impossible.indices)
  func `what cannot be said ends the stream`(index: Int) {
    #expect(throws: StreamConversation.Fault.self) {
      var conversation = Self.conversation()
      try Self.tell(Self.impossible[index], to: &conversation)
    }
  }
}

struct StreamLagTests {
  /// 2026-11-29 00:00 UTC, in the server's microseconds and in milliseconds since 1970.
  private static let time: Int64 = 849_139_200_000_000
  private static let now: Int64 = 1_795_824_000_000

  @Test func `the lag is that of the oldest change that waits`() {
    var late = StreamLag()
    late.stored(upTo: LSN(100))
    #expect(late.lag(behind: LSN(100), at: Self.now) == Lag(bytes: 0, seconds: 0))
    late.gave(upTo: LSN(200), committedAt: Self.time)
    late.gave(upTo: LSN(300), committedAt: Self.time + 4_000_000)
    #expect(late.lag(behind: LSN(350), at: Self.now + 5_000) == Lag(bytes: 250, seconds: 5))
    late.stored(upTo: LSN(200))
    #expect(late.lag(behind: LSN(350), at: Self.now + 5_000) == Lag(bytes: 150, seconds: 1))
    late.stored(upTo: LSN(300))
    #expect(late.lag(behind: LSN(350), at: Self.now + 5_000) == Lag(bytes: 50, seconds: 0))
  }

  @Test func `a transaction that is given out in parts waits as a whole`() {
    var late = StreamLag()
    late.gave(upTo: nil, committedAt: Self.time)
    late.gave(upTo: nil, committedAt: Self.time)
    #expect(late.lag(behind: LSN(9), at: Self.now + 2_000).seconds == 2)
    late.gave(upTo: LSN(9), committedAt: nil)
    #expect(late.lag(behind: LSN(9), at: Self.now + 2_000).seconds == 2)
    late.stored(upTo: LSN(9))
    #expect(late.lag(behind: LSN(9), at: Self.now + 2_000).seconds == 0)
  }
}
