import OpzIO

/// Waits on this thread, which is one of our own, for asynchronous work. On a cooperative thread it could wait for itself.
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
