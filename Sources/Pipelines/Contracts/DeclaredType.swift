import Contracts
import Expressions

extension Declarations {
  /// The type of a record that keeps the contract, for the checker of expressions: a field that it does not declare is an
  /// error there, whether or not the contract itself would let it pass.
  ///
  /// A number is of no one type: what is written without a fraction is an int to expressions, and a double otherwise.
  package var recordType: CELType {
    var reading = TypeReading(declarations: self)
    return reading.object(0, named: "record") ?? .dyn
  }
}

/// Turns shapes into types; one that holds itself ends where it comes up again.
private struct TypeReading {
  let declarations: Declarations
  private var open: Set<Int> = []

  init(declarations: Declarations) { self.declarations = declarations }

  /// nil where no fields are declared.
  mutating func object(_ id: Int, named name: String) -> CELType? {
    let shape = declarations.shapes[id]
    guard let fields = shape.fields, open.insert(id).inserted else { return nil }
    defer { open.remove(id) }
    let typed = fields.map { ObjectType.Field($0.name, type($0.shape, named: "\(name).\($0.name)")) }
    return .object(ObjectType(name, typed, isOpen: shape.isOpen || !shape.patterns.isEmpty))
  }

  private mutating func type(_ id: Int, named name: String) -> CELType {
    let shape = declarations.shapes[id]
    let kinds = shape.kinds.subtracting([.null])
    guard kinds.count == 1, let kind = kinds.first else { return shape.kinds == [.null] ? .null : .dyn }
    let type: CELType =
      switch kind {
      case .boolean: .bool
      case .integer: .int
      case .string: .string
      case .array: .list(shape.element.map { self.type($0, named: name) } ?? .dyn)
      case .object: object(id, named: name) ?? .map(.string, .dyn)
      case .null, .number: .dyn
      }
    return shape.kinds.contains(.null) && type != .dyn ? .nullable(type) : type
  }
}
