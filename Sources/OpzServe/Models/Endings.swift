import OpzIO
import Synchronization

/// What is being ended beside the requests: workers of versions that are served no more.
final class Endings: Sendable {
  private let count = Atomic(0)

  init() {}

  /// Runs `end`, and is not done before it is.
  func run(_ end: @escaping @Sendable () async -> Void) {
    count.wrappingAdd(1, ordering: .acquiringAndReleasing)
    // Not a part of the request that happens to be the last one, but no less urgent: what is never begun keeps its memory.
    Task.detached(priority: Task.currentPriority) { [self] in
      await end()
      count.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// Waits until nothing is being ended.
  func wait() async {
    while count.load(ordering: .acquiring) > 0 { try? await Task.sleep(for: .milliseconds(2)) }
  }
}
