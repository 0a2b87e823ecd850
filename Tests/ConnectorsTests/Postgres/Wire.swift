@testable import Connectors

/// Messages of a server, written by hand.
struct Wire {
  private(set) var bytes: [UInt8] = []

  init(_ letter: Character) { bytes.append(letter.asciiValue ?? 0) }
  init(raw: [UInt8]) { bytes = raw }

  func int<Number: FixedWidthInteger>(_ number: Number) -> Wire {
    var copy = self
    withUnsafeBytes(of: number.bigEndian) { copy.bytes += $0 }
    return copy
  }

  func text(_ text: String) -> Wire {
    var copy = self
    copy.bytes += text.utf8 + [0]
    return copy
  }

  func raw(_ raw: [UInt8]) -> Wire {
    var copy = self
    copy.bytes += raw
    return copy
  }

  func letter(_ letter: Character) -> Wire { int(letter.asciiValue ?? 0) }

  /// Cells: a text, `nil` for null, and `.unchanged`.
  func tuple(_ cells: [Cell]) -> Wire {
    var copy = int(Int16(cells.count))
    for cell in cells {
      switch cell {
      case .null: copy = copy.letter("n")
      case .unchanged: copy = copy.letter("u")
      case .text(let text): copy = copy.letter("t").int(Int32(text.utf8.count)).raw(Array(text.utf8))
      }
    }
    return copy
  }

  enum Cell: ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    case null, unchanged
    case text(String)
    init(stringLiteral value: String) { self = .text(value) }
    init(nilLiteral: ()) { self = .null }
  }
}

extension Wire {
  static func begin(_ commit: UInt64, _ xid: UInt32 = 7) -> Wire { Wire("B").int(commit).int(Int64(12)).int(xid) }
  static func commit(_ commit: UInt64, end: UInt64) -> Wire {
    Wire("C").int(UInt8(0)).int(commit).int(end).int(Int64(12))
  }
  static func relation(_ id: UInt32, _ name: String, _ columns: [String], identity: Character = "d") -> Wire {
    var wire = Wire("R").int(id).text("public").text(name).letter(identity).int(Int16(columns.count))
    for (index, column) in columns.enumerated() {
      wire = wire.int(UInt8(index == 0 ? 1 : 0)).text(column).int(UInt32(25)).int(Int32(-1))
    }
    return wire
  }
  static func insert(_ id: UInt32, _ cells: [Cell]) -> Wire { Wire("I").int(id).letter("N").tuple(cells) }
}
