import Foundation
import Testing

/// `millrace test`, as a person and as a CI system meet it.
struct TestCommandTests {
  private func program() throws -> Program {
    let program = try Program()
    try program.write(Sample.tested, to: "products.yaml")
    try program.write(Sample.copy("copy"), to: "untested.yaml")
    return program
  }

  @Test(arguments: ["text", "json", "junit", "tap"])
  func `results`(format: String) throws {
    let answer = try program()("test", ".", "--format", format)
    #expect(answer.code == 1)
    #expect(answer.err.isEmpty)
    try Golden.check(answer.out.timed, "test/products.\(format)")
    if format == "text" { #expect(answer.out.split(separator: "\n").allSatisfy { $0.count <= 80 }) }
  }

  @Test func `what fails can be left out`() throws {
    let answer = try program()("test", "products.yaml", "--filter", "a draft")
    #expect(answer.code == 0)
    #expect(answer.out == "ok    products.yaml: 1 test\n1 test passed\n")
    #expect(try program()("test", "products.yaml", "--filter", "a draft", "--quiet").out.isEmpty)
  }

  @Test func `no state and no target`() throws {
    let program = try program()
    _ = try program("test", "products.yaml")
    #expect(!program.exists(".millrace") && !program.exists("out"))
  }

  @Test func `update fills in what came out, and only that`() throws {
    let program = try program()
    let answer = try program("test", "products.yaml", "--update")
    #expect(answer.code == 0)
    try Golden.check(answer.err, "test/update.txt")
    try Golden.check(program.text("products.yaml"), "test/updated.yaml")
    #expect(try program("test", "products.yaml").code == 0)
  }

  @Test func `a file that is wrong`() throws {
    let program = try program()
    try program.write(Sample.broken, to: "broken.yaml")
    let answer = try program("test", "broken.yaml")
    #expect(answer.code == 2 && answer.out.isEmpty)
    #expect(answer.err.contains("config.unknown_key"))
  }
}

extension String {
  fileprivate var timed: String {
    replacingOccurrences(of: #"("seconds":|time=")[\d.]+"#, with: "$1SECONDS", options: .regularExpression)
  }
}

extension Sample {
  /// Examples of which one holds, and the others differ in all ways there are.
  static let tested =
    pipeline + """
      tests:
        - name: a draft is hidden
          given: [{op: create, record: {id: 1, kind: physical, name: Chair, price: "1.5", status: draft}}]
          expect:
            - {op: upsert, fields: {id: 1, status: hidden, price: 1.50, weight_g: 0}}

        # This comment stays.
        - name: what differs
          given:
            - {op: create, record: {id: 1, kind: physical, name: Chair, price: "49.90", status: published, weight_kg: 7.5}}
            - {op: create, record: {id: 2, kind: physical, name: "A lamp with a name that is much too long", status: x}}
          expect:
            - fields:
                id: 1
                status: hidden          # and this one goes with its row
                name: A chair with arms that fits into no living room
            - {fields: {id: 3}}
          expect_counts: {read: 2, written: 2, retries: 1}   # this one stays
        - {name: what nobody expects, given: [{op: create, record: {id: 3, kind: physical}}]}

      """
}
