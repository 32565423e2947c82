import Synchronization

/// Hands out numbers from zero on, each once, to several threads.
public final class Counter: Sendable {
  private let value = Atomic(0)

  public init() {}

  /// The next number; nil from `limit` on.
  public func take(below limit: Int) -> Int? {
    let taken = value.wrappingAdd(1, ordering: .relaxed).oldValue
    return taken < limit ? taken : nil
  }
}
