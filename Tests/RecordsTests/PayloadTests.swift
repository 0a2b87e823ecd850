import Records
import Testing

struct PayloadTests {
  private func payload(_ rows: [(String, event: UInt32)]) -> Payload {
    let payload = Payload()
    for (text, event) in rows {
      payload.bytes.append(text)
      payload.rows.append(.init(end: UInt64(payload.bytes.count), event: event, tag: UInt16(event)))
    }
    return payload
  }

  @Test(
    arguments: [
      ([], "a\nbb\n\nccc\n"), ([0], "bb\n\nccc\n"), ([1], "a\n\nccc\n"), ([3], "a\nbb\n\n"), ([0, 1, 2, 3], ""),
    ] as [(Set<UInt32>, String)])
  func rowsAreTakenOutAndTheOthersMoveTogether(out: Set<UInt32>, left: String) {
    let payload = payload([("a\n", 0), ("b", 1), ("b\n", 1), ("\n", 2), ("ccc\n", 3)])
    payload.removeRows { out.contains($0) }
    #expect(payload.bytes.text == left)
    #expect(payload.rows.count == 5 - out.reduce(0) { $0 + ($1 == 1 ? 2 : 1) })
    #expect(payload.rows.indices.allSatisfy { payload.rows[$0].tag == UInt16(payload.rows[$0].event) })
    #expect(payload.rows.isEmpty || payload.rows[payload.rows.count - 1].end == UInt64(payload.bytes.count))
  }
}
