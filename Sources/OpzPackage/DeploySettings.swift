/// The `deploy` part of opz.yaml, as it is recorded with a version. Quantities are Kubernetes' texts.
public struct DeploySettings: Sendable, Hashable, Codable {
  public struct Replicas: Sendable, Hashable, Codable {
    public var min: Int
    public var max: Int
  }

  public struct Resources: Sendable, Hashable, Codable {
    public var cpu: String?
    public var memory: String?
  }

  public struct Autoscale: Sendable, Hashable, Codable {
    /// Percent of the request.
    public var cpu: Int?
  }

  public var replicas: Replicas?
  public var resources: Resources?
  public var autoscale: Autoscale?

  public init() {}
}
