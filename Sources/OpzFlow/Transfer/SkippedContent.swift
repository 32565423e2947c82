import OpzDistribution
import OpzIO
import OpzOCI

/// Reports what a pull skips, and why. Anyone who may push can add referrers that are broken, false or endless, and
/// those must not keep the others from being pulled.
actor SkippedContent {
  private let progress: any ProgressSink
  private var count = 0
  /// How many skipped items are listed; the rest are only counted.
  private static let shown = 10

  init(_ progress: any ProgressSink) { self.progress = progress }

  func add(_ what: String, _ reason: String) {
    count += 1
    if count <= SkippedContent.shown { progress.report(.note("skipped \(what): \(reason)")) }
  }

  /// Reports how many items were skipped beyond those listed.
  func close() {
    if count > SkippedContent.shown {
      progress.report(.note("skipped \(count - SkippedContent.shown) more that the registry lists"))
    }
    count = 0
  }

  /// Runs `body`; if its content is missing or invalid, reports that and returns nil. Connection failures are thrown,
  /// because the content that could not be read may be decisive.
  @discardableResult
  func trying<Value: Sendable>(_ what: String, _ body: @Sendable () async throws -> Value) async throws -> Value? {
    do {
      return try await body()
    } catch let error as any ExplainedError where SkippedContent.isContentError(error) {
      add(what, error.reason)
      return nil
    }
  }

  static func isContentError(_ error: any ExplainedError) -> Bool {
    if let error = error as? DistributionError, [.tooLarge, .badResponse, .missingContent].contains(error.code) {
      return true
    }
    return [.notFound, .verification].contains(error.category)
  }
}
