import Records
import Testing

@testable import Expressions

/// Which transform an event ended in.
@Suite struct StepCountTests {
  private static func program() throws -> MappingProgram {
    let list = try #require(try EventExpression("record.list").path)
    let transforms: [Transform] = [
      .init("kind", .filter(try EventExpression("record.kind == 'a'"))), .init("list", .explode(list)),
      .init("check", .assert(try EventExpression("record.list < 9"), message: nil)),
      .init("even", .filter(try EventExpression("record.list % 2 == 0"))),
    ]
    return MappingProgram(
      transforms: transforms, mapping: Mapping(fields: [.init("n", FieldMapping(from: .path(list)))]),
      columns: Columns(names: ["n"], key: []), lanes: 1)
  }

  private static let lines = """
    {"kind":"b"}
    {"kind":"a","list":[2,4,5]}
    {"kind":"a","list":[1,3]}
    {"kind":"a","list":[]}
    {"kind":"a","list":[2,10]}
    {"kind":"a"}
    """

  @Test(arguments: [0, 3]) func `an event that ends has its step`(before: Int) throws {
    let batch = Batch()
    batch.bytes.append(Self.lines + "\n")
    JSONRecordDecoder().decode(batch)
    let executor = MappingExecutor(try Self.program(), firstStep: before)
    executor.map(batch)
    #expect(batch.steps == ["kind", "list", "check", "even"])
    let ends = batch.events.indices.map { batch.events[$0] }.map { event in
      event.outcome == .flowing ? "-" : "\(event.outcome) \(Int(event.step) - before)"
    }
    #expect(ends == ["filtered 1", "-", "filtered 4", "filtered 2", "deadLettered 3", "filtered 2"])
    #expect(batch.made.steps.map { "\($0.name) \($0.made)" } == ["list 5"])
    batch.reset()
    #expect(batch.steps.isEmpty && batch.made.isEmpty)
  }

  @Test func `steps are called by their table`() throws {
    let streams = try ["a", "b"].enumerated().map { number, name in
      StreamMapper.Stream(SourceTable(schema: "s", name: name), [try Self.program()], number: UInt16(number))
    }
    let batch = Batch()
    batch.bytes.append(#"{"kind":"b"}"# + "\n")
    JSONRecordDecoder().decode(batch)
    batch.tables = TableList(streams.map(\.table))
    batch.events[0].table = 1
    StreamMapper(streams).map(batch)
    #expect(batch.steps.count == 8 && batch.steps[Int(batch.events[0].step) - 1] == "s.b: kind")
  }

  @Test func `counts of one name are added`() {
    func step(_ name: String, _ filtered: UInt64, _ made: UInt64 = 0) -> StepCounts.Step {
      var step = StepCounts.Step(name)
      (step.filtered, step.made) = (filtered, made)
      return step
    }
    var counts = StepCounts()
    for step in [step("a", 1), step("b", 2, 3), step("a", 4)] { counts.add(step) }
    #expect(counts.steps == [step("a", 5), step("b", 2, 3)] && counts.made == 3)
    var more = counts
    more.add(step("b", 1))
    #expect((more - counts).steps == [step("b", 1)])
    #expect((more - StepCounts()) == more)
  }
}
