import Synchronization

/// What a target lane has to do, in order.
///
/// Bounded by the pool: every parcel in it takes from the limit of bytes in flight. Beside them there is at most one
/// barrier at a time.
final class Inbox: Sendable {
  enum Item: Sendable {
    case rows(Parcel)
    case barrier(Barrier)
  }

  private let items = Mutex(Fifo<Item>())
  let bell = Bell()

  /// The caller rings the bell, outside of its own lock.
  func put(_ item: Item) { items.withLock { $0.append(item) } }

  enum Received {
    case item(Item)
    /// Nothing came until then.
    case due
    /// The task is cancelled, which is how a writer ends.
    case ended
  }

  /// The next, if one is there.
  func take() -> Item? { items.withLock { $0.popFirst() } }

  /// Whether the next is there, and a barrier.
  var isAtBarrier: Bool {
    items.withLock { items in if case .barrier = items.first { true } else { false } }
  }

  /// Waits for the next, and no longer than until `due`.
  func receive(until due: Duration?, in world: World) async -> Received {
    while !Task.isCancelled {
      let now = world.now()
      if let due, due <= now { return .due }
      if let item = items.withLock({ $0.popFirst() }) { return .item(item) }
      if let due { await bell.wait(for: due - now, in: world) } else { await bell.wait() }
    }
    return .ended
  }

  var isEmpty: Bool { items.withLock { $0.first == nil } }

  enum Next {
    case rows(Parcel)
    /// Rows that come later are behind it, or too many for this write.
    case boundary
    case nothing
  }

  /// The next parcel, if one is there and `fits`.
  func takeRows(where fits: (Parcel) -> Bool) -> Next {
    items.withLock { items in
      switch items.first {
      case nil: return .nothing
      case .barrier: return .boundary
      case .rows(let parcel):
        guard fits(parcel) else { return .boundary }
        _ = items.popFirst()
        return .rows(parcel)
      }
    }
  }
}

/// A line that a checkpoint draws through the stream: every lane writes what is before it, flushes, and says so, so that
/// marks, counts and position of a checkpoint all belong to the same instant of the stream.
struct Barrier: Sendable, Equatable {
  var number: UInt64
  /// Whether the targets finish here, because the source has ended.
  var finishes = false
}
