import OpzIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Handles SIGTERM and SIGINT from the start of the program.
///
/// Handlers write to a pipe, and a thread reads it. Blocking the signals for sigwait(3) would not work: the main
/// thread waits in libdispatch with all signals unblocked. As process 1 of a container the program needs handlers in
/// any case, because the kernel gives that process no default action.
public final class StopSignals: Sendable {
  /// What is done at the first signal.
  public struct Plan: Sendable {
    /// Runs at the first signal.
    let drain: @Sendable () -> Void
    /// Seconds between `drain` and `stop`; another signal ends the wait.
    let drainSeconds: Int
    /// Stops the server; the process is expected to end.
    let stop: @Sendable () -> Void
    /// Seconds after `stop` before the process is ended.
    let stopSeconds: Int

    /// Creates a plan: `drain` runs at the first signal, `stop` runs `drainSeconds` later, and the process is ended
    /// `stopSeconds` after that. Another signal ends either wait.
    public init(
      drain: @escaping @Sendable () -> Void, drainSeconds: Int, stop: @escaping @Sendable () -> Void, stopSeconds: Int
    ) {
      self.drain = drain
      self.drainSeconds = drainSeconds
      self.stop = stop
      self.stopSeconds = stopSeconds
    }
  }

  private let plan = Mutex<Plan?>(nil)
  private let readEnd: Int32
  private let program: String

  /// Installs the handlers; call it once per process. Until there is a plan, a signal ends the process with status 0,
  /// because nothing is in flight.
  /// - Parameter program: the program's name, for the message that requests were cut off.
  public init(program: String) {
    self.program = program
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      readEnd = -1
      return
    }
    readEnd = ends[0]
    signalPipe = ends[1]
    _ = fcntl(signalPipe, F_SETFL, O_NONBLOCK)
    signal(SIGPIPE, SIG_IGN)
    guard startThread({ self.wait() }) else { return }
    for number in [SIGTERM, SIGINT] { signal(number) { _ in tellSignal() } }
  }

  /// Sets what the next signal does; without a plan, a signal ends the process with status 0. Safe from any thread.
  public func follow(_ plan: Plan) { self.plan.withLock { $0 = plan } }

  private func wait() {
    wait(seconds: nil)
    guard let plan = plan.withLock({ $0 }) else { exit(0) }
    plan.drain()
    if plan.drainSeconds > 0 { wait(seconds: plan.drainSeconds) }
    plan.stop()
    wait(seconds: plan.stopSeconds)
    let line = Array("\(program): ended with requests in flight\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
  }

  /// Waits for a signal, at most this many seconds.
  private func wait(seconds: Int?) {
    let end = seconds.map { ContinuousClock.now + .seconds($0) }
    while true {
      var timeout: Int32 = -1
      if let end {
        let left = (end - .now) / .milliseconds(1)
        if left <= 0 { return }
        timeout = Int32(clamping: Int(left.rounded(.up)))
      }
      var polled = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, timeout) > 0 else { continue }
      var byte: UInt8 = 0
      if read(readEnd, &byte, 1) == 1 { return }
    }
  }
}

/// The write end of the pipe, global because a signal handler can reach nothing else. It is set once, before the
/// handlers are installed.
nonisolated(unsafe) private var signalPipe: Int32 = -1

/// Async-signal-safe: calls only what signal-safety(7) allows.
private func tellSignal() {
  let saved = errno
  var byte: UInt8 = 0
  _ = write(signalPipe, &byte, 1)
  errno = saved
}
