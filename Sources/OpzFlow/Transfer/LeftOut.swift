import OpzDistribution
import OpzIO
import OpzOCI

/// What a pull leaves out of what a registry lists, and why: anybody who may push can add what is broken, lies or has no end, and none of that may
/// keep the rest from coming.
actor LeftOut {
  private let progress: any ProgressSink
  private var count = 0
  /// A person reads a few lines; the number says how many there are.
  private static let shown = 10

  init(_ progress: any ProgressSink) { self.progress = progress }

  func add(_ what: String, _ reason: String) {
    count += 1
    if count <= LeftOut.shown { progress.report(.note("\(what) is left out: \(reason)")) }
  }

  /// Says how many more there are than were shown.
  func close() {
    if count > LeftOut.shown {
      progress.report(.note("\(count - LeftOut.shown) more that the registry lists are left out"))
    }
    count = 0
  }

  /// What `body` gives; nil, and said, where the content is not what it should be. Where the way to it failed, the pull fails: a registry that does
  /// not answer now may have what decides.
  @discardableResult
  func trying<Value: Sendable>(_ what: String, _ body: @Sendable () async throws -> Value) async throws -> Value? {
    do {
      return try await body()
    } catch let error as any ExplainedError where LeftOut.isAboutContent(error) {
      add(what, error.reason)
      return nil
    }
  }

  static func isAboutContent(_ error: any ExplainedError) -> Bool {
    if let error = error as? DistributionError, [.tooLarge, .badResponse, .missingContent].contains(error.code) {
      return true
    }
    return [.notFound, .verification].contains(error.category)
  }
}
