import ConnectorKit
import Records

/// A set of HTTP statuses: `[2xx, 409, 500-599]`.
struct Statuses: SettingValue, Equatable {
  private var ranges: [ClosedRange<Int>]

  init(_ ranges: ClosedRange<Int>...) { self.ranges = ranges }
  private init(ranges: [ClosedRange<Int>]) { self.ranges = ranges }

  func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }

  private static let noun = "a list of statuses: 409, 500-599 or 4xx"
  static var shape: SettingShape {
    .custom(
      noun,
      schema: [
        "type": "array",
        "items": [
          "oneOf": [
            ["type": "integer", "minimum": 100, "maximum": 599],
            ["type": "string", "pattern": "^([1-5]xx|[1-5][0-9][0-9]-[1-5][0-9][0-9])$"],
          ]
        ],
      ])
  }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Statuses? {
    guard let items = node.list else { return loader.mismatch(node, expected: noun) }
    let ranges = items.map { item -> ClosedRange<Int>? in
      guard let range = item.scalar.flatMap({ range($0.text) }) else {
        return loader.mismatch(item, expected: "a status: 409, 500-599 or 4xx")
      }
      return range
    }
    return ranges.contains { $0 == nil } ? nil : Statuses(ranges: ranges.compactMap(\.self))
  }

  private static func range(_ text: String) -> ClosedRange<Int>? {
    let known = 100...599
    if text.count == 3, text.hasSuffix("xx"), let first = text.first?.wholeNumberValue, (1...5).contains(first) {
      return first * 100...first * 100 + 99
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard let low = parts.first.flatMap(\.self), known.contains(low) else { return nil }
    if parts.count == 1 { return low...low }
    guard parts.count == 2, let high = parts[1], known.contains(high), low <= high else { return nil }
    return low...high
  }

  var written: Value {
    .array(
      ranges.map { range in
        if range.count == 1 { return .int(Int64(range.lowerBound)) }
        if range.count == 100, range.lowerBound % 100 == 0 { return .string("\(range.lowerBound / 100)xx") }
        return .string("\(range.lowerBound)-\(range.upperBound)")
      })
  }
}
