import Records

/// Checks values against a ``Contract``, on one lane.
///
/// A value is first checked without a word, which allocates nothing for the usual schemas; only what breaks the contract
/// is checked once more to say how.
///
/// Pointers into the batch are held during a check alone, in which nothing is added to the batch.
package final class ContractValidator {
  /// The deepest nesting of schemas within schemas that one check follows, in schemas: a recursive contract may take two
  /// a level of the deepest record. They need 1 MiB of a lane's stack of 8 MiB in a release, and 3 MiB in a debug build.
  package static let depthMax = 1_024
  /// The most schemas that one value is checked against, counting each time: so many, and so many for each of its nodes.
  /// Branches that multiply end here.
  package static let checksMax = 100_000
  package static let checksPerNodeMax = 1_000

  let code: ContractCode
  let tables: Tables
  let constants: ByteTable
  let patterns: [LinearPattern]
  var names: KnownNames

  // The value in hand.
  var nodes: UnsafeMutablePointer<Node>
  var bytes: UnsafeMutablePointer<UInt8>
  var byteCount = 0
  var root = 0
  /// The batch, while violations are collected.
  var batch: Batch?
  /// The name that `propertyNames` looks at; it stands for a node with the index -1.
  var name = UnsafeRawBufferPointer(start: nil, count: 0)
  var nameOwner = 0
  var nameText = ByteBuffer()

  // Where the check stands.
  var depth = 0
  var checksLeft = 0
  /// Whether dynamic references need to know which resources are being checked.
  let usesScope: Bool
  var limitHit: String?
  var needsReading = false
  var isCollecting = false
  var violations: [Violation] = []
  var violationsLimit = 0
  var frames = EvaluatedFrames()
  /// The resources of the schemas that are being checked, outermost first.
  var scope = RawArray<Int32>()

  // Memory that is used again.
  var text = ByteBuffer()
  var number = ByteBuffer()
  var form = ByteBuffer()
  var set = ScratchSet()
  /// The object in whose turn each key id was last seen.
  var seen = RawArray<UInt64>()
  var turn: UInt64 = 0
  /// Members whose name is repeated further on.
  var shadowed: Set<Int> = []

  private let empty = Batch()

  package init(_ contract: Contract) {
    code = contract.code
    tables = Tables(contract.code)
    usesScope = !contract.code.dynamicReferences.isEmpty
    constants = ByteTable(contract.code.constants.all)
    patterns = contract.code.patterns
    names = KnownNames(
      contract.code.names, patterns: contract.code.namePatterns.map { contract.code.patterns[Int($0.pattern)] })
    nodes = empty.nodes.base
    bytes = empty.bytes.base
  }

  /// How an event's record breaks the contract; nothing where it keeps it, or where the event has no record.
  ///
  /// - Parameter collecting: whether to go on behind the first violation, up to ``Violation/violationsMax``.
  package func validate(_ batch: Batch, event: Int, collecting: Bool) -> [Violation] {
    let record = batch.events[event].record
    return record == Event.none ? [] : validate(batch, node: Int(record), collecting: collecting)
  }

  /// How the value at a node breaks the contract.
  package func validate(_ batch: Batch, node: Int, collecting: Bool) -> [Violation] {
    if isValid(batch, node: node) { return [] }
    if needsReading {
      guard let whole = Self.reading(batch, node) else { return [Self.unreadable] }
      return validate(whole, node: 0, collecting: collecting)
    }
    violations = []
    violationsLimit = collecting ? Violation.violationsMax : 1
    isCollecting = true
    self.batch = batch
    _ = run(batch, node)
    // Whatever happens, a value that is not valid is never told to be.
    if violations.isEmpty { report(code.root, "$ref", node, "the value breaks the contract") }
    self.batch = nil
    isCollecting = false
    return violations
  }

  /// Whether the value at a node keeps the contract.
  package func isValid(_ batch: Batch, node: Int) -> Bool {
    let holds = run(batch, node)
    guard needsReading else { return holds }
    defer { needsReading = true }
    return Self.reading(batch, node).map { run($0, 0) } ?? false
  }

  private func run(_ batch: Batch, _ node: Int) -> Bool {
    precondition(node < batch.nodes.count, "a node outside of its batch")
    names.learn(batch.keys)
    (nodes, bytes, byteCount, root) = (batch.nodes.base, batch.bytes.base, batch.bytes.count, node)
    (depth, needsReading) = (0, false)
    checksLeft = Self.checksMax + Self.checksPerNodeMax * (Int(nodes[node].next) - node)
    limitHit = nil
    if !shadowed.isEmpty { shadowed.removeAll() }
    frames.removeAll()
    scope.removeAll()
    let holds = check(code.root, node, .none)
    guard let limitHit else { return holds }
    report(code.root, "$ref", node, limitHit)
    return false
  }

  /// A copy of a value in which containers that were only text have nodes.
  private static func reading(_ batch: Batch, _ node: Int) -> Batch? { Batch(json: batch.json(at: node)) }

  private static var unreadable: Violation {
    Violation(instancePath: "", schemaPath: "#", keyword: "type", message: "a part of the value is no JSON")
  }
}

extension Batch {
  /// A batch of one value; nil where the text is no JSON.
  convenience init?(json: String) {
    self.init()
    bytes.append(json)
    let table = KeyTable()
    var reader = JSONReader(keys: table)
    guard (try? reader.read(bytes, 0..<bytes.count, into: &nodes)) != nil else { return nil }
    keys = table.snapshot
  }
}
