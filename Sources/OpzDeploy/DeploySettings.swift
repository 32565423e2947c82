public import OpzJSON
import OpzOCI

/// The `deploy` part of opz.yaml, as it is recorded with a version. Quantities are Kubernetes' texts; what is nil has opz's defaults.
public struct DeploySettings: Sendable, Hashable, Codable {
  public struct Replicas: Sendable, Hashable, Codable {
    public var min: Int
    public var max: Int

    public init(min: Int, max: Int) {
      self.min = min
      self.max = max
    }
  }

  public struct Resources: Sendable, Hashable, Codable {
    public var cpu: String?
    public var memory: String?
    public var gpu: GPU?

    public init(cpu: String? = nil, memory: String? = nil, gpu: GPU? = nil) {
      self.cpu = cpu
      self.memory = memory
      self.gpu = gpu
    }
  }

  public struct GPU: Sendable, Hashable, Codable {
    public var count: Int
    /// The extended resource; `nvidia.com/gpu` if nil.
    public var resource: String?
    /// The value of the node's label `RESOURCE.product`.
    public var product: String?
    /// The key of the taint that such nodes have; the resource's name if nil.
    public var toleration: String?

    public init(count: Int, resource: String? = nil, product: String? = nil, toleration: String? = nil) {
      self.count = count
      self.resource = resource
      self.product = product
      self.toleration = toleration
    }
  }

  public struct Autoscale: Sendable, Hashable, Codable {
    /// Percent of the request.
    public var cpu: Int?
    public var memory: Int?
    /// Requests in flight of one pod.
    public var concurrency: Int?
    /// Requests per second of one pod.
    public var rps: Int?
    /// A PromQL expression for the requests per second that arrive, asked where they arrive: it counts when no pod is there.
    public var activate: String?
    public var up: Rule?
    public var down: Rule?

    public init(
      cpu: Int? = nil, memory: Int? = nil, concurrency: Int? = nil, rps: Int? = nil, activate: String? = nil,
      up: Rule? = nil, down: Rule? = nil
    ) {
      self.cpu = cpu
      self.memory = memory
      self.concurrency = concurrency
      self.rps = rps
      self.activate = activate
      self.up = up
      self.down = down
    }
  }

  /// How fast replicas may change in a direction: the quicker of the two amounts in each period.
  public struct Rule: Sendable, Hashable, Codable {
    /// Seconds.
    public var window: Int?
    public var pods: Int?
    public var percent: Int?
    /// Seconds.
    public var period: Int?

    public init(window: Int? = nil, pods: Int? = nil, percent: Int? = nil, period: Int? = nil) {
      self.window = window
      self.pods = pods
      self.percent = percent
      self.period = period
    }
  }

  /// A Namespace of its own, written with the objects.
  public struct Namespace: Sendable, Hashable, Codable {
    public var name: String?
    public var quota: Quota?

    public init(name: String? = nil, quota: Quota? = nil) {
      self.name = name
      self.quota = quota
    }
  }

  public struct Quota: Sendable, Hashable, Codable {
    public var cpu: String?
    public var memory: String?
    public var pods: Int?

    public init(cpu: String? = nil, memory: String? = nil, pods: Int? = nil) {
      self.cpu = cpu
      self.memory = memory
      self.pods = pods
    }
  }

  /// How a new version comes beside the one that serves.
  public struct Rollout: Sendable, Hashable, Codable {
    public enum Strategy: String, Sendable, Codable, CaseIterable {
      case canary
      case blueGreen = "blue-green"
    }

    public var strategy: Strategy
    /// Percent of the requests that the new version gets.
    public var weight: Int?
    /// `NAME` or `NAMESPACE/NAME` of a Gateway.
    public var gateway: String?
    public var hosts: [String]?

    public init(strategy: Strategy, weight: Int? = nil, gateway: String? = nil, hosts: [String]? = nil) {
      self.strategy = strategy
      self.weight = weight
      self.gateway = gateway
      self.hosts = hosts
    }
  }

  /// Scoring of tables in a Job, or in a CronJob where there is a schedule.
  public struct Batch: Sendable, Hashable, Codable {
    public var input: Volume?
    public var output: Volume?
    public var shards: Int?
    public var parallelism: Int?
    /// Five fields of cron(8).
    public var schedule: String?
    /// `Europe/Berlin`
    public var timeZone: String?
    /// In place of the native server's `score`.
    public var command: [String]?

    public init(
      input: Volume? = nil, output: Volume? = nil, shards: Int? = nil, parallelism: Int? = nil, schedule: String? = nil,
      timeZone: String? = nil, command: [String]? = nil
    ) {
      self.input = input
      self.output = output
      self.shards = shards
      self.parallelism = parallelism
      self.schedule = schedule
      self.timeZone = timeZone
      self.command = command
    }
  }

  /// A command of the version's image that runs at certain times, in a CronJob of its own.
  public struct Schedule: Sendable, Hashable, Codable {
    /// What happens when a run is due while the one before it still runs.
    public enum Concurrency: String, Sendable, Codable, CaseIterable {
      /// It is left out.
      case forbid
      case allow
      /// It takes the other's place.
      case replace
    }

    public var name: String
    /// Five fields of cron(8).
    public var cron: String
    public var command: [String]
    /// `Europe/Berlin`
    public var timeZone: String?
    public var concurrency: Concurrency?
    /// Seconds that a run may begin late; one that could not is left out.
    public var deadline: Int?
    /// Seconds that a run may take.
    public var timeout: Int?
    /// How often a failed run is tried again.
    public var retries: Int?
    /// What the server has if nil.
    public var resources: Resources?

    public init(
      name: String, cron: String, command: [String], timeZone: String? = nil, concurrency: Concurrency? = nil,
      deadline: Int? = nil, timeout: Int? = nil, retries: Int? = nil, resources: Resources? = nil
    ) {
      self.name = name
      self.cron = cron
      self.command = command
      self.timeZone = timeZone
      self.concurrency = concurrency
      self.deadline = deadline
      self.timeout = timeout
      self.retries = retries
      self.resources = resources
    }
  }

  /// A part of a PersistentVolumeClaim.
  public struct Volume: Sendable, Hashable, Codable {
    public var claim: String
    /// Below the volume's root.
    public var path: String?

    public init(claim: String, path: String? = nil) {
      self.claim = claim
      self.path = path
    }
  }

  public struct Monitoring: Sendable, Hashable, Codable {
    /// Writes a ServiceMonitor and a PrometheusRule: the cluster has the Prometheus Operator.
    public var enabled: Bool?
    /// `http://HOST:PORT` of Prometheus, for KEDA.
    public var server: String?
    /// The namespace of Prometheus, for the NetworkPolicy.
    public var namespace: String?
    /// What the Prometheus object selects ServiceMonitors and rules by.
    public var labels: [String: String]?

    public init(
      enabled: Bool? = nil, server: String? = nil, namespace: String? = nil, labels: [String: String]? = nil
    ) {
      self.enabled = enabled
      self.server = server
      self.namespace = namespace
      self.labels = labels
    }
  }

  /// Who may send requests; everybody in the cluster if nil.
  public struct Ingress: Sendable, Hashable, Codable {
    public var namespaces: [String]?
    /// Labels of pods in those namespaces, or in the model's own.
    public var pods: [String: String]?

    public init(namespaces: [String]? = nil, pods: [String: String]? = nil) {
      self.namespaces = namespaces
      self.pods = pods
    }
  }

  /// A change of a generated object.
  public struct Patch: Sendable, Hashable, Codable {
    public var kind: String
    /// All objects of the kind if nil.
    public var name: String?
    /// A strategic merge.
    public var merge: JSONValue?
    /// Operations of RFC 6902.
    public var json: [JSONValue]?

    public init(kind: String, name: String? = nil, merge: JSONValue? = nil, json: [JSONValue]? = nil) {
      self.kind = kind
      self.name = name
      self.merge = merge
      self.json = json
    }
  }

  public enum Spread: String, Sendable, Codable, CaseIterable {
    /// Preferred over zones and nodes.
    case soft
    /// A pod that would not spread waits.
    case hard
    case none
  }

  /// How KServe gets a model without a server.
  public enum Storage: String, Sendable, Codable, CaseIterable {
    /// `oci+native://`: an image volume of Kubernetes.
    case native
    /// `oci://`: a container beside the server.
    case modelcar
    /// `oci+fetch://`: KServe's storage initializer pulls the image and copies what is below /models.
    case fetch
  }

  public var replicas: Replicas?
  public var resources: Resources?
  public var autoscale: Autoscale?
  public var env: [String: String]?
  /// Names of Secrets.
  public var envFrom: [String]?
  public var imagePullSecrets: [String]?
  public var priorityClass: String?
  public var spread: Spread?
  public var namespace: Namespace?
  public var ingress: Ingress?
  public var monitoring: Monitoring?
  public var vpa: Bool?
  public var storage: Storage?
  public var rollout: Rollout?
  public var batch: Batch?
  public var schedules: [Schedule]?
  public var patches: [Patch]?

  public init() {}
}
