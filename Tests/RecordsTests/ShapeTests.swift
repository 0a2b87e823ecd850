import CScan
import Testing

@testable import Records

/// Records of a known shape are read another way than the first of their shape; what comes out must be the same.
@Suite struct ShapeTests {
  private static let lines = [
    #"{"id":"a","n":12,"f":-0.5e3,"t":true,"u":false,"v":null,"o":{"p":"x","q":{"r":1}},"l":[1,2],"z":"end"}"#,
    #"{"id":"ä\u00e9","n":1,"f":0,"t":false,"u":null,"v":true,"o":{"p":"\"q\"","q":{"r":"s"}},"l":[1],"z":""}"#,
    #"{"id":"a","n":12,"f":1,"t":1,"u":[],"v":{},"o":{"p":[{"a":1},{"a":2}],"q":{"r":[[1],[]]}},"l":[],"z":7}"#,
    #" { "id" : "spaced" , "n" : [ 1 , { "k" : "v" } ] , "e" : { } }  "#,
    #"{"a_name_that_is_much_longer_than_thirty_two_bytes":1,"a_name_that_is_much_longer_than_thirty_two_bytes_too":"x"}"#,
    #"{"a_name_that_is_much_longer_than_thirty_two_bytes":1,"a_name_that_is_much_longer_than_thirty_two_bytes_two":"x"}"#,
    #"{"twice":1,"twice":{"in":2},"twice":[3]}"#, #"{"\u0061":1,"a":2,"日本":"三和工具"}"#, "{}", "{\"a\":{}}",
    #"{"long":"0123456789abcdef0123456789abcdef0123456789abcdef \\ \/ é end","x":12345678901234567890123.5e-7}"#,
  ]

  @Test func everyRecordReadsAsItDoesAlone() {
    var lines: [[UInt8]] = []
    for _ in 0..<3 { lines += Self.lines.map { Array($0.utf8) } }
    expectSame(lines)
  }

  @Test(arguments: 0..<200) func damagedRecordsReadAsTheyDoAlone(_ seed: UInt64) {
    var chance = Chance(state: seed)
    let whole = Self.lines.map { Array($0.utf8) }
    var lines = whole + whole
    for _ in 0..<40 {
      var line = whole[chance.below(whole.count)]
      for _ in 0...chance.below(3) { damage(&line, &chance) }
      lines.append(line.map { $0 == 0x0a ? 0x20 : $0 })
    }
    expectSame(lines)
  }

  @Test func aKnownShapeHasItsNumber() {
    let batch = decode([
      "{\"a\":1,\"b\":[\"x\"]}", "{\"a\":null,\"b\":[2.5]}", "{\"b\":[1],\"a\":1}", "{\"a\":1,\"b\":1}",
    ])
    let shapes = (0..<4).map { batch.events[$0].shape }
    #expect(shapes[0] == shapes[1] && Set(shapes).count == 3 && !shapes.contains(0))
  }

  @Test func theScansKnowNodesAsTheyAre() {
    let kinds: [(Int, Node.Kind)] = [
      (JSON_NULL, .null), (JSON_FALSE, .false), (JSON_TRUE, .true), (JSON_INTEGER, .integer), (JSON_NUMBER, .number),
      (JSON_STRING, .string),
    ]
    for (constant, kind) in kinds { #expect(constant == Int(kind.rawValue)) }
    #expect(JSON_ESCAPED == Int(Node.Flags.escaped.rawValue) && JSON_WIDE == Int(Node.Flags.wide.rawValue))
    #expect(JSON_PLAIN == Int(Node.Flags.plain.rawValue) && JSON_INLINE == Int(Node.Flags.inline.rawValue))
    #expect(MemoryLayout<json_node>.size == MemoryLayout<Node>.size)
  }

  /// A record is read together with the next line; whatever the next one is, it reads as it does alone.
  @Test func twoRecordsInARowReadAsTheyDoAlone() {
    let lines = Self.lines.map { Array($0.utf8) } + [Array("{\"id\":".utf8), Array(" ".utf8), []]
    for first in lines { for second in lines { expectSame(lines + [first, second] + lines + [first]) } }
  }

  @Test func membersInAnyOrderKeepTheirNames() {
    var chance = Chance(state: 7)
    var members = (1...40).map { length in "\"\(String(repeating: "k", count: length))\":\(length)" }
    members += ["\"\":0", "\"é\":1", "\"a\\nb\":2", "\"anb\":3", "\"w\":{\"w\":4,\"h\":5}", "\"h\":6"]
    let lines = (0..<200).map { _ -> String in
      for index in members.indices { members.swapAt(index, chance.below(members.count)) }
      return "{\(members.prefix(20).joined(separator: ","))}"
    }
    expectSame(lines.map { Array($0.utf8) })
  }

  @Test func aBatchIsReadAnewInTheMemoryOfAnother() {
    let decoder = JSONRecordDecoder()
    let batch = Batch(bytesCapacity: 256)
    for value in ["12", "\"x\"", "[3]", "null"] {
      batch.reset()
      batch.bytes.append(Array(repeating: "{\"a\":\(value)}", count: 3).joined(separator: "\n"))
      decoder.decode(batch)
      let records = batch.events.indices.map { batch.json(at: Int(batch.events[$0].record)) }
      #expect(records == Array(repeating: "{\"a\":\(value)}", count: 3))
    }
  }

  @Test func anotherRecordHasNoKnownShape() {
    var event = decode(["{\"a\":1}"]).events[0]
    #expect(event.shape != 0)
    event.record = 0
    #expect(event.shape == 0)
  }

  @Test func manyShapesEndInNoShape() {
    let lines = (0..<3_000).map {
      "{\"a\($0 % 997)\":[\(Array(repeating: "1", count: $0 % 61).joined(separator: ","))]}"
    }
    expectSame((lines + lines).map { Array($0.utf8) })
  }

  /// Texts that fill a block, nearly or not, and such as end within a character.
  @Test func textsThatAreNoUTF8ReadAsTheyDoAlone() {
    for before in 0..<40 {
      let texts = ScanTests.pieces.flatMap { piece in
        [0, 1, 2, 30, 31, 64].map { ScanTests.ascii(before) + piece + ScanTests.ascii($0) }
      }
      expectSame([Array("{\"t\":\"\"}".utf8)] + texts.map { Array("{\"t\":\"".utf8) + $0 + Array("\"}".utf8) })
    }
  }

  @Test func elementsOfAnArrayReadAsTheyDoAlone() {
    let element = "\n {\"a\": [1,\n 2], \"b\": \"x\"} \n"
    let batch = Batch()
    batch.bytes.append([element, element, element].joined(separator: "\u{1e}"))
    batch.origin = Origin(name: "in.json", line: 1)
    JSONRecordDecoder(separator: JSONRecordDecoder.arraySeparator).decode(batch)
    #expect(
      (0..<3).map { batch.json(at: Int(batch.events[$0].record)) }
        == Array(repeating: "{\"a\":[1,2],\"b\":\"x\"}", count: 3))
    #expect((0..<3).map { batch.line(of: batch.events[$0]) } == [2, 5, 8])
    #expect(batch.events[1].shape != 0 && batch.events[1].shape == batch.events[2].shape)
  }

  // MARK: - Comparing

  private func decode(_ lines: [String]) -> Batch { decode(lines.map { Array($0.utf8) }) }

  private func decode(_ lines: [[UInt8]]) -> Batch {
    let batch = Batch()
    batch.bytes.append(Array(lines.joined(separator: [0x0a])))
    JSONRecordDecoder().decode(batch)
    return batch
  }

  /// What is seen of a record.
  private struct Seen: Equatable {
    var json: String?
    var nodes: [String]
    var failure: String?
    var raw: String
  }

  private func seen(_ batch: Batch) -> [Seen] {
    batch.events.indices.map { index in
      let event = batch.events[index]
      let failure = batch.failures.first { $0.event == index }
      var nodes: [String] = []
      if event.record != Event.none {
        for node in Int(event.record)..<Int(batch.nodes[Int(event.record)].next) {
          let at = batch.nodes[node]
          nodes.append(
            "\(at.kind) \(at.flags.rawValue) \(at.key == KeyTable.overflow ? "?" : batch.keys[at.key]) "
              + "\(at.next - event.record) \(at.offset - event.offset) \(at.length)")
        }
      }
      return Seen(
        json: event.record == Event.none ? nil : batch.json(at: Int(event.record)), nodes: nodes,
        failure: failure.map { $0.code + $0.message }, raw: batch.rawText(of: event))
    }
  }

  private func expectSame(_ lines: [[UInt8]]) {
    let together = seen(decode(lines))
    let alone = lines.flatMap { seen(decode([$0])) }
    #expect(together == alone)
  }

  private func damage(_ line: inout [UInt8], _ chance: inout Chance) {
    let bytes: [UInt8] = Array("\"\\{}[],:0-.eEtn u \u{1}".utf8) + [0x80, 0xc3, 0xff, 0xed, 0xf0]
    let place = chance.below(line.count)
    switch chance.below(3) {
    case 0: line[place] = bytes[chance.below(bytes.count)]
    case 1: line.insert(bytes[chance.below(bytes.count)], at: place)
    default: if line.count > 1 { line.remove(at: place) }
    }
  }
}

/// Numbers from a seed (SplitMix64).
private struct Chance {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((value ^ value >> 31) % UInt64(bound))
  }
}
