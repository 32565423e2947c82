import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Forwards SIGTERM, SIGINT and SIGHUP to a server, so that it drains and this process can clean up afterwards. A signal
/// that comes before there is a server stops the start.
final class SignalForwarding: Sendable {
  /// The one of this process: signals have no other state.
  static let shared = SignalForwarding()

  /// The server's number; 0 while there is none. A number of a process that ended may be another process's soon.
  private let child = Atomic<pid_t>(0)
  /// The signal that no server has got yet; 0 if there is none.
  private let pending = Atomic<Int32>(0)
  private let stops = Atomic<Bool>(false)

  init() {}

  /// Whether a signal came.
  var isStopping: Bool { stops.load(ordering: .sequentiallyConsistent) }

  private static let signals = [SIGTERM, SIGINT, SIGHUP]

  /// Takes the signals from now on, instead of ending this process. A second one ends it where there is no server.
  static func install() {
    // The handler finds it made.
    _ = shared
    for number in signals {
      signal(number) { number in
        let own = SignalForwarding.shared
        guard own.isStopping, own.child.load(ordering: .sequentiallyConsistent) == 0 else { return own.receive(number) }
        _ = signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  /// Leaves the signals to what they do by default.
  static func uninstall() {
    for number in signals { _ = signal(number, SIG_DFL) }
  }

  /// Runs in a signal handler: no more than atomic operations and kill.
  func receive(_ number: Int32) {
    stops.store(true, ordering: .sequentiallyConsistent)
    pending.store(number, ordering: .sequentiallyConsistent)
    deliver()
  }

  /// Forwards to a server, which gets at once what came before.
  func begin(to pid: pid_t) {
    child.store(pid, ordering: .sequentiallyConsistent)
    deliver()
  }

  /// The server has ended.
  func end() { child.store(0, ordering: .sequentiallyConsistent) }

  /// Whoever takes the signal sends it: it arrives once, whether it came before or after the server.
  private func deliver() {
    let pid = child.load(ordering: .sequentiallyConsistent)
    guard pid > 0 else { return }
    let number = pending.exchange(0, ordering: .sequentiallyConsistent)
    if number != 0 { kill(pid, number) }
  }
}
