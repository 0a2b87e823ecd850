import Dispatch
import Foundation
import Records
import Synchronization
import Testing

@testable import Connectors

struct LogWriterTests {
  /// What the log says became of its records, and a place where it can be held up while it says so.
  private final class Hearing: Sendable {
    let groups = Mutex<[Range<UInt64>]>([])
    let isHeld = Mutex(false)
    let entered = DispatchSemaphore(value: 0)
    let released = DispatchSemaphore(value: 0)

    func hear(_ group: LogWriter.Settled) {
      #expect(group.error == nil)
      groups.withLock { $0.append(group.tickets) }
      guard isHeld.withLock({ $0 }) else { return }
      entered.signal()
      released.wait()
    }

    /// False where nothing is told for long.
    func isTold() -> Bool { entered.wait(timeout: .now() + 60) == .success }

    var end: UInt64 { groups.withLock { $0.last?.upperBound ?? 0 } }
  }

  private func writer(_ folder: TemporaryFolder, _ hearing: Hearing) throws -> LogWriter {
    try LogWriter(folder.path("log"), .test, wallTime: { 5 }) { hearing.hear($0) }
  }

  private func append(_ number: Int, to writer: LogWriter) -> UInt64? {
    Array("{\"n\":\(number)}".utf8).withUnsafeBytes { text in
      writer.append(attributes: UnsafeRawBufferPointer(start: nil, count: 0), payload: text)
    }
  }

  @Test func whoIsAloneStoresWhatWaitsAndMayAnswerAtOnce() throws {
    let folder = try TemporaryFolder()
    let hearing = Hearing()
    let writer = try writer(folder, hearing)
    #expect(append(1, to: writer) == 0 && append(2, to: writer) == 1)
    #expect(try folder.payloads().isEmpty)
    writer.commit()
    #expect(hearing.groups.withLock { $0 } == [0..<2])
    #expect(try folder.payloads() == ["{\"n\":1}", "{\"n\":2}"])
  }

  @Test func whatComesWhileAnotherStoresIsNotForgotten() throws {
    let folder = try TemporaryFolder()
    let hearing = Hearing()
    let writer = try writer(folder, hearing)
    hearing.isHeld.withLock { $0 = true }
    #expect(append(1, to: writer) == 0)
    Thread.detachNewThread { writer.commit() }
    #expect(hearing.isTold())
    // The first is being stored: these callers wait for nobody, and share the next sync.
    for number in 2...4 {
      #expect(append(number, to: writer) == UInt64(number - 1))
      writer.commit()
    }
    #expect(hearing.groups.withLock { $0 } == [0..<1])
    hearing.released.signal()
    #expect(hearing.isTold())
    hearing.isHeld.withLock { $0 = false }
    hearing.released.signal()
    #expect(hearing.groups.withLock { $0 } == [0..<1, 1..<4])
    writer.close()
    #expect(try folder.payloads().count == 4)
  }

  @Test func callersShareSyncsAndNoneIsForgotten() async throws {
    let folder = try TemporaryFolder()
    let hearing = Hearing()
    let writer = try writer(folder, hearing)
    await withTaskGroup(of: Void.self) { group in
      for caller in 0..<8 {
        group.addTask {
          for number in 0..<200 {
            #expect(append(caller * 200 + number, to: writer) != nil)
            if number % 3 == 0 { writer.commit() }
          }
        }
      }
    }
    writer.close()
    let groups = hearing.groups.withLock { $0 }
    #expect(groups.first?.lowerBound == 0 && groups.last?.upperBound == 1_600)
    #expect(zip(groups, groups.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    #expect(groups.count < 1_600)
    let reading = try await read(folder.logSource())
    #expect(Set(reading.records.compactMap { $0["n"]?.int }) == Set(0..<1_600))
    #expect(append(0, to: writer) == nil)
  }
}
