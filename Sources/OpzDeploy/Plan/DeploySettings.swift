public import OpzJSON
import OpzOCI

/// The `deploy` section of opz.yaml, as it is recorded with a version. Quantities are in Kubernetes' text form; nil
/// means opz's default.
public struct DeploySettings: Sendable, Hashable, Codable {
  /// The range of the number of pods.
  public struct Replicas: Sendable, Hashable, Codable {
    public var min: Int
    public var max: Int

    /// Creates a range; `min` equal to `max` means a fixed number.
    public init(min: Int, max: Int) {
      self.min = min
      self.max = max
    }
  }

  /// The resources of one pod, as both requests and limits.
  public struct Resources: Sendable, Hashable, Codable {
    public var cpu: String?
    public var memory: String?
    public var gpu: GPU?

    /// Creates resources; quantities are in Kubernetes' text form, such as `500m` and `256Mi`.
    public init(cpu: String? = nil, memory: String? = nil, gpu: GPU? = nil) {
      self.cpu = cpu
      self.memory = memory
      self.gpu = gpu
    }
  }

  /// The GPUs of one pod.
  public struct GPU: Sendable, Hashable, Codable {
    public var count: Int
    /// The extended resource; `nvidia.com/gpu` if nil.
    public var resource: String?
    /// The required value of the node label `RESOURCE.product`.
    public var product: String?
    /// The key of the taint on GPU nodes; the resource's name if nil.
    public var toleration: String?

    /// Creates a GPU request.
    /// - Parameter count: the GPUs of each pod, at least 1.
    public init(count: Int, resource: String? = nil, product: String? = nil, toleration: String? = nil) {
      self.count = count
      self.resource = resource
      self.product = product
      self.toleration = toleration
    }
  }

  /// The signals that an autoscaler follows, and how fast it may act.
  public struct Autoscale: Sendable, Hashable, Codable {
    /// The target for CPU use, in percent of the request.
    public var cpu: Int?
    /// The target for memory use, in percent of the request.
    public var memory: Int?
    /// The target for requests in flight per pod.
    public var concurrency: Int?
    /// The target for requests per second per pod.
    public var rps: Int?
    /// A PromQL expression for the rate of incoming requests, measured where they arrive, such as at a gateway. It
    /// works even when there are no pods.
    public var activate: String?
    /// How fast replicas may be added.
    public var up: Rule?
    /// How fast replicas may be removed.
    public var down: Rule?

    /// Creates autoscaling settings.
    /// - Parameters:
    ///   - cpu: percent of the request; `memory` likewise.
    ///   - concurrency: requests in flight per pod.
    ///   - rps: requests per second per pod.
    ///   - activate: a PromQL expression for the rate of incoming requests.
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

  /// How fast replicas may change in one direction: the larger of the two amounts per period.
  public struct Rule: Sendable, Hashable, Codable {
    /// The stabilization window in seconds.
    public var window: Int?
    public var pods: Int?
    /// Percent of the pods per period.
    public var percent: Int?
    /// The length of a period in seconds.
    public var period: Int?

    /// Creates a rule.
    /// - Parameters:
    ///   - window: the stabilization window in seconds.
    ///   - pods: how many pods may change per period.
    ///   - percent: how many percent of the pods may change per period.
    ///   - period: seconds.
    public init(window: Int? = nil, pods: Int? = nil, percent: Int? = nil, period: Int? = nil) {
      self.window = window
      self.pods = pods
      self.percent = percent
      self.period = period
    }
  }

  /// The Namespace to write with the objects.
  public struct Namespace: Sendable, Hashable, Codable {
    /// The name of the namespace; nil for the one that `--namespace` names.
    public var name: String?
    public var quota: Quota?

    /// Creates namespace settings.
    public init(name: String? = nil, quota: Quota? = nil) {
      self.name = name
      self.quota = quota
    }
  }

  /// The limits on the sum of all pods in the namespace.
  public struct Quota: Sendable, Hashable, Codable {
    public var cpu: String?
    public var memory: String?
    public var pods: Int?

    /// Creates a quota; quantities are in Kubernetes' text form.
    public init(cpu: String? = nil, memory: String? = nil, pods: Int? = nil) {
      self.cpu = cpu
      self.memory = memory
      self.pods = pods
    }
  }

  /// How a new version runs next to the one that serves.
  public struct Rollout: Sendable, Hashable, Codable {
    /// How requests are divided between two versions.
    public enum Strategy: String, Sendable, Codable, CaseIterable {
      case canary
      case blueGreen = "blue-green"
    }

    public var strategy: Strategy
    /// The percentage of requests that the new version gets.
    public var weight: Int?
    /// The Gateway, as `NAME` or `NAMESPACE/NAME`.
    public var gateway: String?
    /// The host names of the HTTPRoute; nil for all.
    public var hosts: [String]?

    /// Creates rollout settings.
    /// - Parameters:
    ///   - weight: percent of the requests that the new version gets, 0 to 100.
    ///   - gateway: `NAME` or `NAMESPACE/NAME`.
    ///   - hosts: host names of the HTTPRoute.
    public init(strategy: Strategy, weight: Int? = nil, gateway: String? = nil, hosts: [String]? = nil) {
      self.strategy = strategy
      self.weight = weight
      self.gateway = gateway
      self.hosts = hosts
    }
  }

  /// Scoring of tables in a Job, or in a CronJob where there is a schedule.
  public struct Batch: Sendable, Hashable, Codable {
    /// The tables to score.
    public var input: Volume?
    /// The directory for the scores.
    public var output: Volume?
    /// How many parts the input is divided into, each with its own pod; 1 if nil.
    public var shards: Int?
    /// How many pods may run at a time; all if nil.
    public var parallelism: Int?
    /// A cron schedule with five fields.
    public var schedule: String?
    /// An IANA time zone name, such as `Europe/Berlin`.
    public var timeZone: String?
    /// The command to run instead of opz-server's `score`.
    public var command: [String]?

    /// Creates batch settings.
    /// - Parameters:
    ///   - shards: how many parts the input is divided into; each has its own pod.
    ///   - parallelism: how many pods may run at a time.
    ///   - schedule: five fields of cron; nil for a single Job.
    ///   - timeZone: an IANA time zone name.
    ///   - command: runs instead of opz-server's `score`.
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

  /// A command of the version's image that runs on a schedule, in its own CronJob.
  public struct Schedule: Sendable, Hashable, Codable {
    /// What happens when a run is due while the previous one is still running.
    public enum Concurrency: String, Sendable, Codable, CaseIterable {
      /// The new run is skipped.
      case forbid
      case allow
      /// The new run replaces the old one.
      case replace
    }

    public var name: String
    /// A cron schedule with five fields.
    public var cron: String
    /// The program and its arguments.
    public var command: [String]
    /// An IANA time zone name, such as `Europe/Berlin`.
    public var timeZone: String?
    /// `forbid` if nil.
    public var concurrency: Concurrency?
    /// Seconds by which a run may start late; after that it is skipped.
    public var deadline: Int?
    /// Seconds that a run may take.
    public var timeout: Int?
    /// How often a failed run is retried.
    public var retries: Int?
    /// The server's resources if nil.
    public var resources: Resources?

    /// Creates a scheduled command.
    /// - Parameters:
    ///   - cron: five fields of cron.
    ///   - command: the program and its arguments.
    ///   - timeZone: an IANA time zone name.
    ///   - deadline: seconds by which a run may start late.
    ///   - timeout: seconds that a run may take.
    ///   - retries: how often a failed run is retried.
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

  /// A directory of a PersistentVolumeClaim.
  public struct Volume: Sendable, Hashable, Codable {
    /// The name of the PersistentVolumeClaim.
    public var claim: String
    /// A path relative to the volume's root.
    public var path: String?

    /// Names a claim, and a path relative to the volume's root.
    public init(claim: String, path: String? = nil) {
      self.claim = claim
      self.path = path
    }
  }

  /// The cluster's Prometheus.
  public struct Monitoring: Sendable, Hashable, Codable {
    /// Whether to write a ServiceMonitor and a PrometheusRule, which need the Prometheus Operator.
    public var enabled: Bool?
    /// The `http://HOST:PORT` of Prometheus, for KEDA.
    public var server: String?
    /// The namespace of Prometheus, for the NetworkPolicy.
    public var namespace: String?
    /// The labels by which the Prometheus object selects ServiceMonitors and rules.
    public var labels: [String: String]?

    /// Creates monitoring settings.
    public init(
      enabled: Bool? = nil, server: String? = nil, namespace: String? = nil, labels: [String: String]? = nil
    ) {
      self.enabled = enabled
      self.server = server
      self.namespace = namespace
      self.labels = labels
    }
  }

  /// The pods that may send requests; nil allows the whole cluster.
  public struct Ingress: Sendable, Hashable, Codable {
    /// The namespaces whose pods may send requests.
    public var namespaces: [String]?
    /// The labels of pods in those namespaces, or in the model's own.
    public var pods: [String: String]?

    /// Creates ingress settings; with both, only matching pods in the namespaces may send requests.
    public init(namespaces: [String]? = nil, pods: [String: String]? = nil) {
      self.namespaces = namespaces
      self.pods = pods
    }
  }

  /// A change to generated objects.
  public struct Patch: Sendable, Hashable, Codable {
    public var kind: String
    /// The object's name; nil for all objects of the kind.
    public var name: String?
    /// A strategic merge patch.
    public var merge: JSONValue?
    /// JSON Patch operations (RFC 6902).
    public var json: [JSONValue]?

    /// Creates a patch, with a strategic merge, JSON Patch operations, or both, which are applied in this order.
    public init(kind: String, name: String? = nil, merge: JSONValue? = nil, json: [JSONValue]? = nil) {
      self.kind = kind
      self.name = name
      self.merge = merge
      self.json = json
    }
  }

  /// How pods are spread over zones and nodes.
  public enum Spread: String, Sendable, Codable, CaseIterable {
    /// Spreading is preferred.
    case soft
    /// Spreading is required: a pod that cannot spread stays pending.
    case hard
    case none
  }

  /// How KServe mounts a model whose image has no server.
  public enum Storage: String, Sendable, Codable, CaseIterable {
    /// `oci+native://`: an image volume of Kubernetes.
    case native
    /// `oci://`: a sidecar container.
    case modelcar
    /// `oci+fetch://`: KServe's storage initializer pulls the image and copies /models.
    case fetch
  }

  /// 2 to 10 pods if nil.
  public var replicas: Replicas?
  /// 500m of CPU and 256Mi of memory per pod if nil.
  public var resources: Resources?
  public var autoscale: Autoscale?
  /// Environment variables, which become a ConfigMap.
  public var env: [String: String]?
  /// The names of Secrets whose keys become environment variables.
  public var envFrom: [String]?
  /// The names of Secrets with credentials for the image.
  public var imagePullSecrets: [String]?
  public var priorityClass: String?
  /// `soft` if nil.
  public var spread: Spread?
  public var namespace: Namespace?
  public var ingress: Ingress?
  public var monitoring: Monitoring?
  /// Whether to write a VerticalPodAutoscaler, which only recommends requests.
  public var vpa: Bool?
  /// `native` if nil.
  public var storage: Storage?
  public var rollout: Rollout?
  public var batch: Batch?
  public var schedules: [Schedule]?
  public var patches: [Patch]?

  /// Creates settings with opz's defaults throughout.
  public init() {}
}
