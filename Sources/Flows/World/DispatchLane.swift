import Dispatch

/// A lane in production: a serial queue. Tasks that prefer it run there and nowhere else, one at a time, so a connector
/// may block its thread without holding up anybody but its own flow.
package final class DispatchLane: TaskExecutor {
  private let queue: DispatchQueue

  package init(_ name: String) {
    queue = DispatchQueue(label: "millrace." + name)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
