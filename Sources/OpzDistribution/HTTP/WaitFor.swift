import OpzIO

/// Waits for asynchronous work. Blocks the thread, which must not belong to the cooperative pool: there the work
/// might have no thread left to run on.
func waitFor<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
  let result = Monitor<Result<Value, any Error>?>(nil)
  Task {
    do {
      let value = try await work()
      result.change { $0 = .success(value) }
    } catch {
      result.change { $0 = .failure(error) }
    }
  }
  return try result.wait { $0 }.get()
}
