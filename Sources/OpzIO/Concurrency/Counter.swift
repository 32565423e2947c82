import Synchronization

/// Hands out the numbers 0, 1, 2 .. to several threads, each number once.
public final class Counter: Sendable {
  private let value = Atomic(0)

  /// Starts at 0.
  public init() {}

  /// Takes the next number; nil once it would be `limit` or more.
  public func take(below limit: Int) -> Int? {
    let taken = value.wrappingAdd(1, ordering: .relaxed).oldValue
    return taken < limit ? taken : nil
  }

  /// Lets no further number be taken.
  public func exhaust() { value.store(Int.max / 2, ordering: .relaxed) }
}
