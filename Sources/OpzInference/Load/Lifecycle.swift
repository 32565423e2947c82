import Synchronization

/// The state of the server: loading, ready, draining, stopping. It only moves forward.
package final class Lifecycle: Sendable {
  enum State: Int, Sendable {
    case loading, ready, draining, stopping
  }

  /// Creates the state of a server that is loading.
  package init() {}

  private let current = Atomic(State.loading.rawValue)

  package var isReady: Bool { current.load(ordering: .acquiring) == State.ready.rawValue }
  package var isDraining: Bool { current.load(ordering: .acquiring) >= State.draining.rawValue }
  /// No more requests are taken; streams that never end by themselves end now.
  package var isStopping: Bool { current.load(ordering: .acquiring) == State.stopping.rawValue }

  /// Marks the server ready: the model is loaded and the port is open. Does nothing once draining has begun.
  package func becomeReady() {
    _ = current.compareExchange(
      expected: State.loading.rawValue, desired: State.ready.rawValue, ordering: .acquiringAndReleasing)
  }

  /// Begins draining: readiness fails from now on.
  package func beginDraining() { current.max(State.draining.rawValue, ordering: .acquiringAndReleasing) }

  /// Begins stopping.
  package func beginStopping() { current.max(State.stopping.rawValue, ordering: .acquiringAndReleasing) }
}
