/// Where a deploy's objects are: a later deploy to the same place replaces them. Target and profile are not part of it,
/// because their objects share one namespace.
public struct DeployPlace: Sendable, Hashable, CustomStringConvertible {
  /// The address of the API server; nil if unknown, as for manifests that were only written to files.
  public var cluster: String?
  /// Nil if the objects name none: then kubectl's context determines it.
  public var namespace: String?
  /// Whether the objects are those of `deploy.batch`, which exist beside a server's.
  public var isBatch: Bool

  /// Creates a place.
  ///
  /// - Parameters:
  ///   - cluster: the address of the API server; nil if unknown.
  ///   - namespace: nil if the objects name none.
  ///   - isBatch: whether the place is that of a Job of `deploy.batch` rather than of a server.
  public init(cluster: String? = nil, namespace: String?, isBatch: Bool = false) {
    self.cluster = cluster
    self.namespace = namespace
    self.isBatch = isBatch
  }

  /// Reads `NAMESPACE[/batch]`, with `-` for no namespace, and the earlier form `TARGET/NAMESPACE/PROFILE[/batch]`.
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

  /// The form in `details.place` of an event: `scoring`, `scoring/batch`, `-`.
  public var text: String { (namespace ?? "-") + (isBatch ? "/batch" : "") }

  public var description: String { cluster.map { "\(text) of \($0)" } ?? text }

  /// Whether both can be the same place: an unknown cluster matches any.
  public func mayBe(_ other: DeployPlace) -> Bool {
    namespace == other.namespace && isBatch == other.isBatch
      && (cluster == nil || other.cluster == nil || cluster == other.cluster)
  }

  /// The place with the namespace of kubectl's context filled in for objects that name none.
  public func settled(in namespace: String?) -> DeployPlace {
    DeployPlace(cluster: cluster, namespace: self.namespace ?? namespace, isBatch: isBatch)
  }
}
