/// The names behind key ids, as they were when a batch was decoded. Passing it on costs one reference.
package struct KeyNames: Sendable {
  /// Index = id; the first is the empty name of "no key".
  package var names: [String]
  package init(names: [String] = [""]) { self.names = names }
  package subscript(id: UInt16) -> String { names[Int(id)] }
}
