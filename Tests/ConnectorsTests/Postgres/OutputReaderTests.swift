import Testing

@testable import Connectors

struct OutputReaderTests {
  private func read(_ wire: Wire, inStream: Bool = false) throws -> (message: OutputMessage, transaction: UInt32?) {
    try wire.bytes.withUnsafeBytes { try OutputReader.read($0, inStream: inStream) }
  }

  @Test(
    arguments: [
      ("0/0", 0), ("0/1", 1), ("16/B374D848", 0x16_b374_d848), ("FFFFFFFF/FFFFFFFF", UInt64.max),
    ] as [(String, UInt64)])
  func `a place in the log is read and written as the server does`(text: String, number: UInt64) {
    #expect(LSN(text)?.rawValue == number)
    #expect("\(LSN(number))" == text)
  }

  @Test(arguments: ["", "1", "/", "1/", "/1", "g/1", "1/2/3", "123456789/0", "+1/2", "-1/2", " 1/2"])
  func `other texts are no places`(text: String) { #expect(LSN(text) == nil) }

  @Test func `transactions`() throws {
    #expect(try read(.begin(300, 7)).message == .begin(.init(commit: LSN(300), time: 12, transaction: 7)))
    #expect(
      try read(.commit(300, end: 310)).message == .commit(.init(commit: LSN(300), end: LSN(310), time: 12)))
    #expect(try read(Wire("O").int(UInt64(5)).text("other")).message == .origin(name: "other"))
    #expect(try read(Wire("S").int(UInt32(9)).int(UInt8(1))).message == .streamStart(transaction: 9, isFirst: true))
    #expect(try read(Wire("E")).message == .streamStop)
    #expect(
      try read(Wire("A").int(UInt32(9)).int(UInt32(10)).int(UInt64(1)).int(UInt64(2))).message
        == .streamAbort(transaction: 9, subtransaction: 10))
    let ended = Wire("c").int(UInt32(9)).int(UInt8(0)).int(UInt64(3)).int(UInt64(4)).int(Int64(5))
    #expect(
      try read(ended).message == .streamCommit(transaction: 9, .init(commit: LSN(3), end: LSN(4), time: 5)))
  }

  @Test func `two-phase commits`() throws {
    let expected = OutputMessage.Prepare(transaction: 8, name: "gid", lsn: LSN(1), end: LSN(2), time: 3)
    let body = { (wire: Wire) in wire.int(UInt64(1)).int(UInt64(2)).int(Int64(3)).int(UInt32(8)).text("gid") }
    #expect(try read(body(Wire("b"))).message == .beginPrepare(expected))
    #expect(try read(body(Wire("P").int(UInt8(0)))).message == .prepare(expected))
    #expect(try read(body(Wire("K").int(UInt8(0)))).message == .commitPrepared(expected))
    #expect(try read(body(Wire("p").int(UInt8(0)))).message == .streamPrepare(expected))
    let undone = Wire("r").int(UInt8(0)).int(UInt64(1)).int(UInt64(2)).int(Int64(3)).int(Int64(4)).int(UInt32(8))
    #expect(
      try read(undone.text("gid")).message
        == .rollbackPrepared(.init(transaction: 8, name: "gid", lsn: LSN(2), end: LSN(2), time: 4)))
  }

  @Test func `tables and types`() throws {
    let relation = RelationMessage(
      id: 4, schema: "public", name: "Tä\"ble", identity: .full,
      columns: [
        .init(isIdentity: true, name: "id", type: 25, modifier: -1),
        .init(isIdentity: false, name: "b", type: 25, modifier: -1),
      ])
    #expect(try read(.relation(4, "Tä\"ble", ["id", "b"], identity: "f")).message == .relation(relation))
    #expect(
      try read(Wire("Y").int(UInt32(99)).text("app").text("mood")).message
        == .type(id: 99, schema: "app", name: "mood"))
  }

  private static func cells(of tuple: OutputMessage.Tuple, _ wire: Wire) throws -> [String] {
    try wire.bytes.withUnsafeBytes { bytes in
      var cells = TupleReader(bytes, tuple)
      return try (0..<tuple.columns).map { _ in
        let cell = try cells.next()
        if case .text(let range) = cell { return String(decoding: bytes[range], as: UTF8.self) }
        return "\(cell)"
      }
    }
  }

  @Test func `rows stay where they stand`() throws {
    let wire = Wire("U").int(UInt32(4)).letter("K").tuple(["1", nil]).letter("N").tuple(["2", .unchanged, "é\0"])
    guard case .update(4, let old?, let new) = try read(wire).message else {
      Issue.record("no update")
      return
    }
    #expect(old.kind == .key && old.tuple.columns == 2 && new.columns == 3)
    #expect(try Self.cells(of: new, wire) == ["2", "unchanged", "é\0"])
    #expect(
      try read(Wire("T").int(Int32(2)).int(UInt8(3)).int(UInt32(4)).int(UInt32(5))).message
        == .truncate(relations: [4, 5], cascades: true, restartsIdentities: true))
  }

  @Test func `in a streamed transaction changes name their subtransaction`() throws {
    let wire = Wire("D").int(UInt32(11)).int(UInt32(4)).letter("O").tuple(["1"])
    let (message, transaction) = try read(wire, inStream: true)
    #expect(transaction == 11)
    guard case .delete(4, let old) = message else {
      Issue.record("no delete")
      return
    }
    #expect(old.kind == .row)
  }

  @Test func `logical messages`() throws {
    let wire = Wire("M").int(UInt8(1)).int(UInt64(6)).text("outbox").int(Int32(3)).raw([1, 2, 3])
    guard case .message(let message) = try read(wire).message else {
      Issue.record("no message")
      return
    }
    #expect(message.prefix == "outbox" && message.isTransactional && message.lsn == LSN(6))
    #expect(Array(wire.bytes[message.content]) == [1, 2, 3])
  }

  /// Every message, cut at every byte and with every byte changed, is read or refused: nothing is read outside of it.
  @Test func `broken messages are refused`() {
    let wires = [
      Wire.begin(1), .commit(1, end: 2), .relation(4, "t", ["a", "b"]), .insert(4, ["x", nil, .unchanged]),
      Wire("U").int(UInt32(4)).letter("O").tuple(["1"]).letter("N").tuple(["2"]),
      Wire("T").int(Int32(1)).int(UInt8(0)).int(UInt32(4)),
      Wire("M").int(UInt8(0)).int(UInt64(6)).text("p").int(Int32(1)).raw([1]),
      Wire("b").int(UInt64(1)).int(UInt64(2)).int(Int64(3)).int(UInt32(8)).text("gid"),
    ]
    for wire in wires {
      for length in 0..<wire.bytes.count {
        #expect(throws: WireReader.Fault.self) { try read(Wire(cut: wire, to: length)) }
      }
      for place in wire.bytes.indices {
        for byte in [0, 1, 0x4e, 0x7f, 0x80, 0xff] as [UInt8] {
          _ = try? read(Wire(wire, at: place, byte: byte))
        }
      }
    }
    #expect(throws: WireReader.Fault.unknown(0x3f)) { try read(Wire("?")) }
  }

  @Test func `frames of the log`() throws {
    let data = Wire("w").int(UInt64(5)).int(UInt64(9)).int(Int64(0)).raw([0x42])
    #expect(
      try data.bytes.withUnsafeBytes { try ReplicationFrame($0) } == .data(start: LSN(5), message: 25..<26))
    let alive = Wire("k").int(UInt64(5)).int(Int64(0)).int(UInt8(1))
    #expect(
      try alive.bytes.withUnsafeBytes { try ReplicationFrame($0) } == .keepalive(end: LSN(5), wantsReply: true))
    let status = StandbyStatus(received: LSN(3), durable: LSN(2), wantsReply: true).message(time: 4)
    #expect(
      status == Wire("r").int(UInt64(3)).int(UInt64(2)).int(UInt64(2)).int(Int64(4)).int(UInt8(1)).bytes)
  }
}

extension Wire {
  fileprivate init(cut wire: Wire, to length: Int) {
    self = Wire(raw: Array(wire.bytes.prefix(length)))
  }

  fileprivate init(_ wire: Wire, at place: Int, byte: UInt8) {
    var bytes = wire.bytes
    bytes[place] = byte
    self = Wire(raw: bytes)
  }
}
