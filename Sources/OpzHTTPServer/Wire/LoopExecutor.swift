import NIOCore

/// Runs a connection's task on its event loop's thread: two thread switches per request would cost more than a small
/// response.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
  private let loop: any EventLoop
  /// Used on the loop only.
  private var runsNow = false

  init(_ loop: any EventLoop) { self.loop = loop }

  /// Runs the task that `start` starts or resumes at once, until it waits: in a turn of its own of the event loop, it would
  /// find that what was read before it has been answered in another write. Called on the loop.
  func now(_ start: () -> Void) {
    runsNow = true
    start()
    runsNow = false
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if loop.inEventLoop, runsNow {
      // What it starts itself has its turn later.
      runsNow = false
      return job.runSynchronously(on: asUnownedTaskExecutor())
    }
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
