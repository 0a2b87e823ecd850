import ConnectorKit
import Pipelines
import Records

/// Writes what one target lane gets, gathered into larger writes under load.
struct Writer: Sendable {
  let lane: Int
  let target: any Target
  let inbox: Inbox
  let books: Books
  let policy: BatchPolicy
  let retry: RetryPolicy
  let world: World
  /// Where the target stores the progress with the rows.
  var storing: Storing?

  func run() async throws(FlowError) {
    var attempts = Attempts(.target(lane: lane), retry, in: world)
    while let item = await inbox.receive() {
      switch item {
      case .rows(let parcel): try await write(gather(from: parcel), &attempts)
      case .barrier(let barrier): try await reach(barrier, &attempts)
      }
    }
  }

  // MARK: - Gathering

  /// Takes what is there, and waits for more only while more is on its way: a lone batch goes at once.
  private func gather(from first: Parcel) async -> [Parcel] {
    var load = Load(policy, lane: lane)
    var group = [first]
    load.add(first)
    var deadline: Duration?
    while !load.isFull {
      switch inbox.takeRows(where: { load.fits($0) }) {
      case .rows(let parcel):
        load.add(parcel)
        group.append(parcel)
      case .boundary: return group
      case .nothing:
        let now = world.now()
        let until = deadline ?? now + policy.wait
        deadline = until
        if now >= until || books.isQuiet || Task.isCancelled { return group }
        await inbox.bell.wait(for: until - now, in: world)
      }
    }
    return group
  }

  /// How much a write holds so far.
  private struct Load {
    private let policy: BatchPolicy
    private let lane: Int
    private var records = 0
    private var bytes = 0

    init(_ policy: BatchPolicy, lane: Int) {
      self.policy = policy
      self.lane = lane
    }

    var isFull: Bool { records >= policy.records || bytes >= policy.bytes }

    func fits(_ parcel: Parcel) -> Bool {
      let payload = parcel.payloads[lane]
      return records + payload.rows.count <= policy.records && bytes + payload.bytes.count <= policy.bytes
    }

    mutating func add(_ parcel: Parcel) {
      records += parcel.payloads[lane].rows.count
      bytes += parcel.payloads[lane].bytes.count
    }
  }

  // MARK: - Writing

  private func write(_ group: [Parcel], _ attempts: inout Attempts) async throws(FlowError) {
    let payloads = group.map { $0.payloads[lane] }
    var tries = 1
    while true {
      let answer: Written
      do {
        if let storing {
          answer = try await storing.write(group)
        } else {
          answer = try await target.write(payloads)
        }
      } catch {
        try await attempts.failed(error)
        tries += 1
        continue
      }
      attempts.succeeded()
      return try books.written(group, answer, lane: lane, tries: tries)
    }
  }

  private func reach(_ barrier: Barrier, _ attempts: inout Attempts) async throws(FlowError) {
    while true {
      do {
        if barrier.finishes { try await target.finish() }
        let mark = world.flaw == .noFlush ? nil : try await target.flush()
        attempts.succeeded()
        return books.reached(barrier, mark: mark, lane: lane)
      } catch {
        try await attempts.failed(error)
      }
    }
  }
}
