import OpzIO

/// Says which base a failure is about: what goes wrong with one names a URL, a path or a digest.
enum BaseFailure {
  /// Runs `body`, and puts the base's name before the subject of its error.
  /// - Parameter base: as `opz.yaml` names it.
  /// - Throws: `FlowError` of the same category, or what `body` throws if that names the base already.
  static func naming<Value>(_ base: String, _ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as any ExplainedError where !error.subject.contains(base) && error.category != .usage {
      throw FlowError(
        error.category, "the base \(base)",
        reason: error.subject.isEmpty ? error.reason : "\(error.subject): \(error.reason)",
        hint: error.hint)
    }
  }
}
