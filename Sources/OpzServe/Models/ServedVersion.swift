import OpzInference

/// One version of a model that is loaded: what answers its requests, and what they are counted in.
///
/// A request holds it until it is answered. A version that was replaced or unloaded is held by the requests that are
/// still in flight and by nothing else, so that its workers end, and its memory is released, with the last of them.
final class ServedVersion: Sendable {
  let model: ServedModel
  let metrics: Metrics
  let order: VersionOrder
  /// Ends what the model runs on; nil where there is nothing beside its memory.
  private let end: (@Sendable () async -> Void)?
  private let endings: Endings?

  /// - Parameter endings: knows until `end` has returned that there is something to wait for.
  init(
    _ model: ServedModel, metrics: Metrics, endings: Endings? = nil, end: (@Sendable () async -> Void)? = nil
  ) {
    self.model = model
    self.metrics = metrics
    self.endings = endings
    self.end = end
    order = VersionOrder(model.version)
  }

  deinit {
    guard let endings else { return }
    endings.run { [model, end] in
      await end?()
      // A large model is freed here, and not on the thread of a connection.
      withExtendedLifetime(model) {}
    }
  }

  /// What is written about a model whose workers count too.
  var source: (any MetricsSource)? {
    if case .remote(let predictor) = model.backend { predictor as? any MetricsSource } else { nil }
  }
}

/// A version by its name, for what is known of it while it is not loaded.
struct ModelKey: Hashable, Sendable {
  let name: String
  let version: String

  init(name: String, version: String) {
    self.name = name
    self.version = version
  }

  init(_ version: ServedVersion) { self.init(name: version.model.name, version: version.model.version) }
}
