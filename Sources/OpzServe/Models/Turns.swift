import OpzInference
import Synchronization

/// Lets those who change one thing do so one after the other, in the order in which they came.
final class Turns: Sendable {
  /// Those who wait for all things together.
  private static let most = 64

  private struct State {
    /// Who waits for what; a thing with an entry is being changed.
    var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    var count = 0
  }

  private let state = Mutex(State())

  init() {}

  /// Runs `work` when nobody else changes the thing.
  /// - Throws: `RequestFailure` with 503 where too many wait, and what `work` throws.
  func run<Value>(_ thing: String, _ work: () async throws -> Value) async throws -> Value {
    try await take(thing)
    defer { give(thing) }
    return try await work()
  }

  private func take(_ thing: String) async throws {
    let mayWait = state.withLock { state in
      guard state.count < Turns.most else { return false }
      state.count += 1
      return true
    }
    guard mayWait else {
      throw RequestFailure(503, "\(Turns.most) models are being loaded or unloaded already: try again", retryAfter: 5)
    }
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.waiting[thing] == nil else {
          state.waiting[thing]?.append(continuation)
          return false
        }
        state.waiting[thing] = []
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  private func give(_ thing: String) {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      state.count -= 1
      guard state.waiting[thing]?.isEmpty == false else {
        state.waiting[thing] = nil
        return nil
      }
      return state.waiting[thing]?.removeFirst()
    }
    next?.resume()
  }
}
