import Synchronization

/// The state of the server: loading, ready, draining. It only moves forward.
final class Lifecycle: Sendable {
  enum State: Int, Sendable {
    case loading, ready, draining
  }

  private let current = Atomic(State.loading.rawValue)

  var isReady: Bool { current.load(ordering: .acquiring) == State.ready.rawValue }
  var isDraining: Bool { current.load(ordering: .acquiring) == State.draining.rawValue }

  /// Marks the server ready: the model is loaded and the port is open. Does nothing once draining has begun.
  func becomeReady() {
    _ = current.compareExchange(
      expected: State.loading.rawValue, desired: State.ready.rawValue, ordering: .acquiringAndReleasing)
  }

  /// Begins draining: readiness fails from now on.
  func beginDraining() { current.store(State.draining.rawValue, ordering: .releasing) }
}
