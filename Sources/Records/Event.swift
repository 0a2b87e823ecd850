/// What happened to a record.
public enum Operation: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// A row that was there already: snapshots, files.
  case read
  case create, update, delete, truncate

  public var name: String {
    switch self {
    case .read: "read"
    case .create: "create"
    case .update: "update"
    case .delete: "delete"
    case .truncate: "truncate"
    }
  }

  /// Written out, so that other modules compare two bytes and call nothing.
  @inlinable @inline(__always)
  public static func == (a: Operation, b: Operation) -> Bool { a.rawValue == b.rawValue }

  public init?(name: String) {
    guard let match = Operation.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}

/// Where an event ended. Every event that was read ends in exactly one of these (Invariant 4).
public enum Outcome: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// Still on its way.
  case flowing
  case written, filtered, duplicate, stale, deadLettered

  /// Written out, so that other modules compare two bytes and call nothing.
  @inlinable @inline(__always)
  public static func == (a: Outcome, b: Outcome) -> Bool { a.rawValue == b.rawValue }
}

/// One event of a batch: the places of its parts among the batch's nodes.
public struct Event: BitwiseCopyable, Sendable {
  /// Stands for a part that the event does not have.
  @inlinable public static var none: UInt32 { .max }

  public var operation: Operation
  public var outcome: Outcome = .flowing
  /// Whether the source left out values that did not change, so that no new row can be made of it.
  public var isPartial = false
  /// Which of the batch's ``Batch/tables`` it is about; 0 where the source has none.
  public var table: UInt16 = 0
  /// Which of the contract's versions it has; 0 where there is one.
  public var version: UInt16 = 0
  /// Records of one shape have the same nodes but for their kinds and texts, so what is found in one is in the same
  /// place in all. A number that its decoder gives, among those of one ``KeyNames/table``; 0: unknown.
  public var shape: UInt16 = 0
  /// Which of the batch's ``Batch/steps`` it ended in, counted from 1; 0: in none of them.
  public var step: UInt16 = 0
  /// Node indices of the row after the change, the row before it, the key and the source's own `meta`, or ``none``.
  /// Another record has no known shape.
  public var record: UInt32 { didSet { shape = 0 } }
  public var before: UInt32 = none
  public var key: UInt32 = none
  public var meta: UInt32 = none
  /// The raw text that the event was read from: a place in the bytes of the batch.
  public var offset: UInt32
  public var length: UInt32
  /// The line in the origin that the event begins in, counted from the batch's first line; 0 where there are no lines.
  public var line: UInt32 = 0

  @inlinable public init(_ operation: Operation, record: UInt32, offset: UInt32, length: UInt32) {
    self.operation = operation
    self.record = record
    self.offset = offset
    self.length = length
  }

  /// The row that the event is about: the record, and for a delete without one the row before it or its key.
  @inlinable public var row: UInt32 {
    if record != Event.none || operation != .delete { return record }
    return before != Event.none ? before : key
  }
}
