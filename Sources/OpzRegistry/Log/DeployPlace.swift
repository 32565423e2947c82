/// Where a deploy's objects are: what a later deploy there takes the place of. Neither the target nor the profile is part of it, because the objects of
/// all of them are neighbors in one namespace.
public struct DeployPlace: Sendable, Hashable, CustomStringConvertible {
  /// The address of the API server; nil where nobody knows, as of manifests that were only written to files.
  public var cluster: String?
  /// Nil where the objects name none: then kubectl's context says which it is.
  public var namespace: String?
  /// The objects of `deploy.batch` live beside a server's.
  public var isBatch: Bool

  /// Creates a place.
  ///
  /// - Parameters:
  ///   - cluster: the address of the API server; nil if unknown.
  ///   - namespace: nil where the objects name none.
  ///   - isBatch: whether the place is that of a Job of `deploy.batch` rather than of a server.
  public init(cluster: String? = nil, namespace: String?, isBatch: Bool = false) {
    self.cluster = cluster
    self.namespace = namespace
    self.isBatch = isBatch
  }

  /// Reads `NAMESPACE[/batch]`, with `-` for no namespace, and what registries of before have: `TARGET/NAMESPACE/PROFILE[/batch]`.
  public init(_ text: String, cluster: String? = nil) {
    var parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isBatch = parts.count > 1 && parts.last == "batch"
    if isBatch { parts.removeLast() }
    let isOld =
      parts.count == 3 && DeployPlace.targets.contains(String(parts[0])) && ["prod", "dev"].contains(parts[2])
    let name = isOld ? String(parts[1]) : parts.joined(separator: "/")
    self.init(cluster: cluster, namespace: name == "-" ? nil : name, isBatch: isBatch)
  }

  private static let targets: Set = ["kubernetes", "keda", "knative", "kserve"]

  /// As `details.place` of an event has it: `scoring`, `scoring/batch`, `-`.
  public var text: String { (namespace ?? "-") + (isBatch ? "/batch" : "") }

  public var description: String { cluster.map { "\(text) of \($0)" } ?? text }

  /// Whether both can be one place: a cluster that nobody knows is no difference.
  public func mayBe(_ other: DeployPlace) -> Bool {
    namespace == other.namespace && isBatch == other.isBatch
      && (cluster == nil || other.cluster == nil || cluster == other.cluster)
  }

  /// The place with a namespace for objects that name none: the one of kubectl's context.
  public func settled(in namespace: String?) -> DeployPlace {
    DeployPlace(cluster: cluster, namespace: self.namespace ?? namespace, isBatch: isBatch)
  }
}
