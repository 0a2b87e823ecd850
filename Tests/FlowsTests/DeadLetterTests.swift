import ConnectorKit
import Records
import Testing

@testable import Flows

struct DeadLetterTests {
  private func parcel(_ record: String, failure: Failure, decodable: Bool = true) throws -> Parcel {
    let parcel = Parcel(batchBytes: 0, lanes: 1)
    let batch = parcel.batch
    batch.origin = Origin(name: "catalogue.ndjson", offset: 1_000, line: 41)
    batch.bytes.append("junk\n")
    batch.bytes.append(record)
    var event = Records.Event(.update, record: Records.Event.none, offset: 5, length: UInt32(record.utf8.count))
    event.line = 1
    if decodable {
      let keys = KeyTable()
      var reader = JSONReader(keys: keys)
      event.record = UInt32(try reader.read(batch.bytes, 5..<batch.bytes.count, into: &batch.nodes))
      batch.keys = keys.snapshot
    }
    batch.events.append(event)
    batch.fail(0, failure)
    return parcel
  }

  private func line(_ parcel: Parcel) throws -> String {
    let settings = FlowSettings(pipeline: "p", fingerprint: "f")
    var out = ByteBuffer()
    for letter in parcel.deadLetters(settings, at: 1_795_414_329_123) { letter.append(to: &out) }
    return out.text
  }

  @Test func holdsTheWholeEventWithEveryDigit() throws {
    let record = #"{"id": 1.50, "name": "Zoë\n", "tags": [1, 2]}"#
    let failure = Failure(
      event: 0, code: "mapping.required_missing", stage: "mapping", field: "sku", message: "No sku.")
    let text = try line(try parcel(record, failure: failure))
    #expect(text.hasSuffix("\n"))
    let value = try Value(json: text)
    #expect(value["id"] == "catalogue.ndjson@1005")
    #expect(value["line"] == 42 && value["offset"] == 1_005 && value["op"] == "update")
    #expect(value["code"] == "mapping.required_missing" && value["stage"] == "mapping" && value["field"] == "sku")
    #expect(value["pipeline"] == "p" && value["fingerprint"] == "f" && value["attempts"] == 1)
    #expect(value["time"] == "2026-11-23T06:12:09.123Z")
    #expect(value["record"]?["id"] == .number("1.50"))
    #expect(value["record"]?["name"] == "Zoë\n")
    #expect(value["key"] == .null && value["before"] == .null && value["raw"] == nil)
  }

  @Test func whatCannotBeDecodedIsKeptAsText() throws {
    let failure = Failure(event: 0, code: "decode.bad_json", stage: "decode", message: "No.")
    let value = try Value(json: try line(try parcel("{\"a\":", failure: failure, decodable: false)))
    #expect(value["raw"] == "{\"a\":" && value["record"] == .null)
  }

  @Test func whatIsNoTextIsKeptByteForByte() throws {
    let failure = Failure(event: 0, code: "decode.bad_utf8", stage: "decode", message: "No.")
    let parcel = try parcel("abc", failure: failure, decodable: false)
    parcel.batch.bytes.base[6] = 0xff
    let value = try Value(json: try line(parcel))
    #expect(value["raw_base64"] == "Yf9j" && value["raw"] == nil)
  }

  @Test func withoutAPlaceTheTextTellsEventsApart() throws {
    let failure = Failure(event: 0, code: "c", stage: "s", message: "m")
    let ids = try ["{\"a\":1}", "{\"a\":2}", "{\"a\":1}"].map { record in
      let parcel = try parcel(record, failure: failure)
      parcel.batch.origin = Origin(name: "queue")
      return try Value(json: try line(parcel))["id"]
    }
    #expect(ids[0] == ids[2] && ids[0] != ids[1])
  }
}
