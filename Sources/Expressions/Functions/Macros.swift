/// What the parser turns into something else, documented like functions: see ``Parser/expand(_:on:_:at:)``.
package enum Macros {
  package static let all: [Function] = presence + loops + pairs + data

  private static let presence = [
    Function(
      "has", .standard, "Whether a field is there.", [.form(.dyn, to: .bool)],
      examples: ["has({'a': 1}.a)": "true", "has({'a': 1}.b)": "false"]),
    Function(
      "cel.bind", .standard, "A value with a name, for use in an expression.", [.form(.T, .T, .K, to: .K)],
      examples: ["cel.bind(x, 2 + 3, x * x)": "25"]),
    Function(
      "optMap", .optionals, "The optional with its value changed; none stays none.",
      [.methodForm(.optional(.T), .T, .K, to: .optional(.K))],
      examples: ["optional.of(2).optMap(x, x * 2)": "optional.of(4)"]),
    Function(
      "optFlatMap", .optionals, "The optional that is made of the value; none stays none.",
      [.methodForm(.optional(.T), .T, .optional(.K), to: .optional(.K))],
      examples: ["{'a': {'b': 1}}.?a.optFlatMap(x, x.?b)": "optional.of(1)"]),
  ]

  private static let loops = [
    Function(
      "all", .standard, "Whether all elements of a list or keys of a map pass a test.",
      [.methodForm(.listOfT, .T, .bool, to: .bool), .methodForm(.mapOfKV, .K, .V, .bool, to: .bool)],
      examples: ["[1, 2, 3].all(x, x > 0)": "true", "{'a': 1}.all(k, v, v > 1)": "false"]),
    Function(
      "exists", .standard, "Whether one element or key passes a test.",
      [.methodForm(.listOfT, .T, .bool, to: .bool), .methodForm(.mapOfKV, .K, .V, .bool, to: .bool)],
      examples: ["[1, 2, 3].exists(x, x > 2)": "true"]),
    Function(
      "exists_one", .standard, "Whether exactly one element or key passes a test.",
      [.methodForm(.listOfT, .T, .bool, to: .bool), .methodForm(.mapOfKV, .K, .V, .bool, to: .bool)],
      examples: ["[1, 2, 2].exists_one(x, x < 2)": "true"]),
    Function(
      "map", .standard, "A list of what is made of each element or key, of those that pass a test.",
      [.methodForm(.listOfT, .T, .K, to: .list(.K)), .methodForm(.listOfT, .T, .bool, .K, to: .list(.K))],
      examples: ["[1, 2, 3].map(x, x * 2)": "[2, 4, 6]", "[1, 2, 3].map(x, x > 1, x * 2)": "[4, 6]"]),
    Function(
      "filter", .standard, "The elements or keys that pass a test.", [.methodForm(.listOfT, .T, .bool, to: .listOfT)],
      examples: ["[1, 2, 3].filter(x, x > 1)": "[2, 3]"]),
    Function(
      "sortBy", .lists, "The elements in the order of a key that is made of each.",
      [.methodForm(.listOfT, .T, .K, to: .listOfT)],
      examples: ["['ccc', 'a', 'bb'].sortBy(x, size(x))": "['a', 'bb', 'ccc']"]),
  ]

  private static let pairs = [
    Function(
      "transformList", .standard, "A list of what is made of each index and element, or key and value.",
      [.methodForm(.mapOfKV, .K, .V, .T, to: .listOfT), .methodForm(.mapOfKV, .K, .V, .bool, .T, to: .listOfT)],
      examples: ["[2, 4].transformList(i, v, i * v)": "[0, 4]"]),
    Function(
      "transformMap", .standard, "The map with a value made of each key and value.",
      [
        .methodForm(.mapOfKV, .K, .V, .T, to: .map(.K, .T)), .methodForm(.mapOfKV, .K, .V, .bool, .T, to: .map(.K, .T)),
      ],
      examples: ["{'a': 1}.transformMap(k, v, v + 1)": "{'a': 2}"]),
    Function(
      "transformMapEntry", .standard, "A map of entries made of each key and value.",
      [.methodForm(.mapOfKV, .K, .V, .map(.T, .dyn), to: .map(.T, .dyn))],
      examples: ["{'a': 'b'}.transformMapEntry(k, v, {v: k})": "{'b': 'a'}"]),
  ]

  private static let data = [
    Function(
      "coalesce", .data, "The first that is there and not null; null where there is none.",
      [.form(.T, .T, to: .T)], examples: ["coalesce({'a': null}.a, {}.?b, 3)": "3"]),
    Function(
      "try", .data, "A value, or another where it fails.", [.form(.T, .T, to: .T)],
      examples: ["try(int('x'), 0)": "0", "try(int('7'), 0)": "7"]),
    Function(
      "groupBy", .data, "A map from each key to the elements that have it.",
      [.methodForm(.listOfT, .T, .K, to: .map(.K, .listOfT))],
      examples: ["[1, 2, 3].groupBy(x, x % 2)": "{1: [1, 3], 0: [2]}"]),
  ]
}
