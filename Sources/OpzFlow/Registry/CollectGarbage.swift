import OpzIO
import OpzOCI
public import OpzRegistry
import SystemPackage

/// `opz gc`: collects garbage by the retention rules of the registry's policy.
public struct CollectGarbage: Sendable {
  private let isDryRun: Bool
  private let grace: Int64
  private let pushed: Bool
  private let session: Session

  /// - Parameters:
  ///   - grace: the grace period for unreferenced blobs, in seconds.
  ///   - pushed: whether to also drop layers that a container registry has.
  public init(isDryRun: Bool, grace: Int64, pushed: Bool, in session: Session) {
    self.isDryRun = isDryRun
    self.grace = grace
    self.pushed = pushed
    self.session = session
  }

  /// Deletes the versions that the policy's retention rules drop, then the unreferenced blobs past the grace period, and the
  /// virtual environments of `opz serve` that were not used for a month.
  ///
  /// With `pushed`, each layer is first looked up in the remote repositories that its versions were pushed to. A dry
  /// run reports the same and changes nothing.
  /// - Throws: `ConfigError` for an invalid `policy.yaml`, `RegistryError`, `IOFailure`.
  public func run(_ registry: Registry) async throws -> CollectionReport {
    var options = Registry.CollectionOptions()
    options.isDryRun = isDryRun
    options.grace = grace
    if let rules = try RegistryPolicy.of(registry).retention {
      options.rules = RetentionRules(last: rules.last, days: rules.days, tagged: rules.tagged, aliased: rules.aliased)
    }
    if pushed { options.elsewhere = try await droppableLayers(registry) }
    let final = options
    return try await blocking {
      var report = try registry.collect(final, by: session.author)
      report.environments = try PythonEnvironments(registry.cacheDirectory).collect(isDryRun: isDryRun)
      return report
    }
  }

  /// Layers that a container registry has now, and that every version with them was pushed with. Manifests, configs and
  /// records are kept: they are small, and they say where the rest is.
  private func droppableLayers(_ registry: Registry) async throws -> Set<Digest> {
    var safe: Set<Digest> = []
    var needed: Set<Digest> = []
    for name in try registry.models() {
      let state = try registry.state(name)
      for entry in state.live {
        let record = try registry.load(name, entry).record
        let content = VersionContent(registry: registry, record: record, session: session)
        for layer in record.layers {
          let digest = layer.descriptor.digest
          if needed.contains(digest) || safe.contains(digest) { continue }
          let hasPlace = !(state.places[entry.version] ?? []).isEmpty || layer.origin != nil
          if hasPlace, try await content.isElsewhere(layer.descriptor) {
            safe.insert(digest)
          } else {
            needed.insert(digest)
          }
        }
      }
    }
    // A version that was never pushed needs its layers here, even if another version pushed the same bytes.
    return safe.subtracting(needed).subtracting(try unpushedLayers(registry))
  }

  private func unpushedLayers(_ registry: Registry) throws -> Set<Digest> {
    var found: Set<Digest> = []
    for name in try registry.models() {
      let state = try registry.state(name)
      for entry in state.live where (state.places[entry.version] ?? []).isEmpty {
        let layers = try registry.load(name, entry).record.layers.filter { $0.origin == nil }
        found.formUnion(layers.map(\.descriptor.digest))
      }
    }
    return found
  }
}
