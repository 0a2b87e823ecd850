import Records
import Testing

@testable import Expressions

/// Records through transforms, with all of their fields passed on.
@Suite struct TransformTests {
  private static let record =
    #"{"id":1,"name":"A \"b\"","n":2.50,"address":{"city":"Köln","geo":{"lat":1.50,"tags":[1, {"x":2}]}},"list":[{"k":1},{"k":2}],"none":null}"#

  private func run(_ actions: [Transform.Action], _ lines: String = record) -> MappingRun.Result {
    MappingRun.run(lines, [], transforms: actions.map { Transform("step", $0) }, rest: true)
  }

  private func expression(_ text: String) throws -> EventExpression { try EventExpression(text) }
  private func path(_ text: String) throws -> Path { try #require(EventExpression(text).path) }

  private func set(_ assignments: KeyValuePairs<String, String>) throws -> Transform.Action {
    .set(try assignments.map { .init(try path($0.key), try expression($0.value)) })
  }

  @Test func setReplacesAndAdds() throws {
    let result = run([
      try set([
        "record.n": "record.id + 1", "record.address.geo": "{'lat': [1, 'x'], 'odd \"key\"': null}",
        "record.new.deep": "record.name + '!'", "record.copy": "record.address.geo", "record.left": "optional.none()",
      ]), try set(["record.after": "record.new.deep.size() + record.copy.tags[1].x + record.address.geo.lat.size()"]),
    ])
    #expect(
      result.rows == [
        #"{"id":1,"name":"A \"b\"","n":2,"address":{"city":"Köln","geo":{"lat":[1,"x"],"odd \"key\"":null}},"list":[{"k":1},{"k":2}],"none":null,"new":{"deep":"A \"b\"!"},"copy":{"lat":1.50,"tags":[1, {"x":2}]},"after":10}"#
      ])
  }

  @Test func setThroughWhatIsNoObjectIsRefused() throws {
    #expect(run([try set(["record.name.x": "1"])]).failures == ["transform.no_object -"])
    #expect(run([try set(["record.name": "record.missing"])]).failures == ["expression.no_such_key -"])
  }

  @Test func unsetAndRename() throws {
    let result = run([
      .unset([try path("record.address.geo"), try path("record.list"), try path("record.nothing.at.all")]),
      .rename([.init(try path("record.n"), "number"), .init(try path("record.address.city"), "town")]),
      try set(["record.sum": "record.number + 0.25"]),
    ])
    #expect(
      result.rows == [#"{"id":1,"name":"A \"b\"","number":2.50,"address":{"town":"Köln"},"none":null,"sum":2.75}"#])
    #expect(run([.rename([.init(try path("record.n"), "id")])]).failures == ["transform.name_taken -"])
    #expect(run([.rename([.init(try path("record.missing"), "id")])]).rows == [Self.record])
  }

  @Test func flattenTakesMembersUp() throws {
    let rest = #""list":[{"k":1},{"k":2}],"none":null}"#
    #expect(
      run([.flatten(try path("record.address"), separator: ".")]).rows == [
        #"{"id":1,"name":"A \"b\"","n":2.50,"address.city":"Köln","address.geo.lat":1.50,"address.geo.tags":[1, {"x":2}],"#
          + rest
      ])
    #expect(run([.flatten(try path("record"), separator: "_")]).rows.first?.contains("address_geo_lat") == true)
    #expect(run([.flatten(try path("record.name"), separator: "_")]).rows == [Self.record])
  }

  @Test func explodeMakesARowOfEachElement() throws {
    let actions: [Transform.Action] = [
      .unset([try path("record.address"), try path("record.name"), try path("record.n"), try path("record.none")]),
      .explode(try path("record.list")), .filter(try expression("record.list.k > 0")),
    ]
    #expect(run(actions).rows == [#"{"id":1,"list":{"k":1}}"#, #"{"id":1,"list":{"k":2}}"#])
    let odd = run(actions, #"{"list":[]}"# + "\n" + #"{"list":null}"# + "\n{}\n" + #"{"list":{"k":1}}"#)
    #expect(odd == .init(rows: [], failures: ["transform.not_a_list -"], filtered: 3))
  }

  /// An event is written whole or not at all.
  @Test func anElementThatFailsTakesTheOthersBack() throws {
    let actions: [Transform.Action] = [
      .explode(try path("record.list")), .filter(try expression("record.list.k < 9")),
    ]
    let result = run(actions, #"{"id":1,"list":[{"k":1},{"x":2}]}"# + "\n" + #"{"id":2,"list":[{"k":1},{"k":10}]}"#)
    #expect(result.rows == [#"{"id":2,"list":{"k":1}}"#])
    #expect(result.failures == ["expression.no_such_key -"] && result.filtered == 0)
  }

  @Test func personalDataIsReplaced() throws {
    let lines = #"{"email":"x@y.z","number":5,"none":null}"#
    let paths = [
      try path("record.email"), try path("record.number"), try path("record.none"), try path("record.missing"),
    ]
    #expect(run([.redact(paths, with: "***")], lines).rows == [#"{"email":"***","number":"***","none":null}"#])
    let hashed = run([.hash(Array(paths.prefix(1)), key: "k")], lines).rows
    #expect(
      hashed == [
        #"{"email":"a861edb66ba208efbac6f729d326328e2fff34d3861ac2f76811ea8a21345c24","number":5,"none":null}"#
      ])
    let plain = run([.hash(Array(paths.prefix(2)), key: nil)], lines).rows.first ?? ""
    // sha256sum of `x@y.z` and of `5`.
    #expect(plain.contains("ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d"))
  }

  @Test func assertAndRouteEndEvents() throws {
    let lines = #"{"p":1}"# + "\n" + #"{"p":-1}"#
    let holds = try expression("record.p > 0")
    #expect(run([.assert(holds, message: nil)], lines).failures == ["transform.assertion_failed -"])
    #expect(
      run([.route(holds, to: .drop, reason: nil)], lines) == .init(rows: [#"{"p":-1}"#], failures: [], filtered: 1))
    #expect(run([.route(holds, to: .deadLetter, reason: "r")], lines).failures == ["transform.routed -"])
  }

  @Test func aSampleIsTheSameEveryTime() throws {
    let lines = (0..<1_000).map { "{\"id\":\($0)}" }.joined(separator: "\n")
    let some = run([.sample(share: 0.1, by: try expression("record.id"))], lines)
    #expect((60...140).contains(some.rows.count) && some.filtered == 1_000 - some.rows.count)
    #expect(run([.sample(share: 0.1, by: try expression("record.id"))], lines) == some)
    #expect(run([.sample(share: 1, by: try expression("record.id"))], lines).rows.count == 1_000)
    #expect(run([.sample(share: 0, by: try expression("record.id"))], lines).rows.isEmpty)
  }

  @Test func theOrderIsAsWritten() throws {
    let text = try set(["record.a": "record.a + 1"])
    let stop = Transform.Action.filter(try expression("record.a < 3"))
    #expect(run([text, stop, text], #"{"a":1}"#).rows == [#"{"a":3}"#])
    #expect(run([text, text, stop], #"{"a":1}"#).filtered == 1)
  }

  @Test func manyRecordsOfChangingShapes() throws {
    let lines = (0..<200).map { $0 % 2 == 0 ? "{\"a\":\($0)}" : "{\"b\":{\"c\":1},\"a\":\($0)}" }
    let result = run(
      [try set(["record.b.c": "record.a * 2", "record.z": "record.?b.?c"])], lines.joined(separator: "\n"))
    #expect(result.rows[0] == #"{"a":0,"b":{"c":0}}"#)
    #expect(result.rows[199] == #"{"b":{"c":398},"a":199,"z":1}"#)
  }
}
