#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The main thread of a server, whose work is asynchronous.
public enum MainThread {
  /// Runs the work and ends the process with the status that it returns, while the main thread sleeps.
  ///
  /// Swift's own asynchronous `main` ends the main thread through `dispatch_main`. Then `ps` shows the server as
  /// defunct, and libdispatch makes an eventfd on the way, which traps if the first connections have taken all
  /// descriptors by then.
  public static func run(_ work: @escaping @Sendable () async -> Int32) -> Never {
    // A program that was started by exec from a thread of libdispatch has nearly all signals blocked, SIGTERM too.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    Task.detached { exit(await work()) }
    while true { pause() }
  }
}
