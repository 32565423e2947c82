import Synchronization

/// Asks a server to stop that is made after the one who asks.
final class StopRequest: Sendable {
  private let action = Mutex<(@Sendable () -> Void)?>(nil)

  func follow(_ action: @escaping @Sendable () -> Void) { self.action.withLock { $0 = action } }
  func request() { action.withLock { $0 }?() }
}
