/// What an expression may speak of: variables, functions and the namespace it is written in.
package struct Environment: Sendable {
  package struct Variable: Sendable {
    /// A name, with dots where it is qualified.
    package var name: String
    package var type: CELType
    package init(_ name: String, _ type: CELType) {
      self.name = name
      self.type = type
    }
  }

  /// In the order of the slots of ``Frame``.
  package private(set) var variables: [Variable]
  /// Names are looked up here first, then in the namespaces around it: `com.example`.
  package var container: String
  /// The variable that a name without one is probably a field of.
  package var fieldsOf: String?
  private var indices: [String: Int] = [:]
  private var declared: [String: Function] = [:]

  package init(variables: [Variable] = [], functions: [Function] = [], container: String = "") {
    self.variables = variables
    self.container = container
    for (index, variable) in variables.enumerated() { indices[variable.name] = index }
    for function in functions { declared[function.name] = function }
  }

  func variable(named name: String) -> Int? { indices[name] }

  func function(named name: String) -> Function? { declared[name] ?? Functions.named[name] }

  /// The names that a name may stand for, the innermost namespace first.
  func candidates(for name: String) -> [String] {
    if name.hasPrefix(".") { return [String(name.dropFirst())] }
    if container.isEmpty { return [name] }
    let parts = container.split(separator: ".")
    return parts.indices.reversed().map { parts[...$0].joined(separator: ".") + "." + name } + [name]
  }

  /// Types that have a name in expressions.
  static let types: [String: CELType] = [
    "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string, "bytes": .bytes,
    "null_type": .null, "type": .type(nil), "list": .list(.dyn), "map": .map(.dyn, .dyn), "dyn": .dyn,
    "optional_type": .optional(.dyn), "decimal": .decimal, "date": .date,
    "google.protobuf.Timestamp": .timestamp, "google.protobuf.Duration": .duration,
  ]
}
