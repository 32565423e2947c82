public import OpzYAML

/// The section `serve` of opz.yaml: how opz-server serves the model, and runs the workers of a Python or R model.
///
/// It is content of the image (`/opt/opz/serve.json`), unlike `deploy`.
public struct ServeSection: Sendable, Hashable {
  /// How a worker loads a model: the names that the worker programs know.
  public enum Loader: String, Sendable, CaseIterable {
    case scikitLearnJoblib = "sklearn-joblib"
    case scikitLearnPickle = "sklearn-pickle"
    case skops, mlflow, xgboost, lightgbm, catboost, onnx, torchscript
    case torchExport = "torch-export"
    case keras, transformers, statsmodels, rds
    /// Only the project's own predict.py or predict.R.
    case predict
  }

  /// Processes that run the model.
  public struct Workers: Sendable, Hashable {
    public var count: Int?
    /// What one may take, in MiB.
    public var memory: Int?
    /// Seconds that loading the model may take.
    public var startSeconds: Int?
    /// Seconds that one batch may take.
    public var requestSeconds: Int?
    /// Whether workers of Python are forked from a process that has loaded the model, where that is possible.
    public var forks: Bool?

    /// Creates settings; nil is the server's default.
    public init(
      count: Int? = nil, memory: Int? = nil, startSeconds: Int? = nil, requestSeconds: Int? = nil, forks: Bool? = nil
    ) {
      self.count = count
      self.memory = memory
      self.startSeconds = startSeconds
      self.requestSeconds = requestSeconds
      self.forks = forks
    }
  }

  /// How requests are joined for one call of the model.
  public struct Batch: Sendable, Hashable {
    /// Rows at most.
    public var rows: Int?
    /// Milliseconds that a request may wait for others.
    public var waitMilliseconds: Int?

    /// Creates settings; nil is the server's default.
    public init(rows: Int? = nil, waitMilliseconds: Int? = nil) {
      self.rows = rows
      self.waitMilliseconds = waitMilliseconds
    }
  }

  /// What the server refuses.
  public struct Limits: Sendable, Hashable {
    /// Requests in flight.
    public var requests: Int?
    /// Bytes of a request's body, in MiB.
    public var body: Int?

    /// Creates limits; nil is the server's default.
    public init(requests: Int? = nil, body: Int? = nil) {
      self.requests = requests
      self.body = body
    }
  }

  /// Nil leaves it to the worker, which looks at the model.
  public var loader: Loader?
  public var workers: Workers?
  public var batch: Batch?
  public var limits: Limits?
  /// What callers may send; for the native runtime too.
  public var contract: ContractSection?

  /// The section's keys, and those of its mappings.
  public static let keys = ["loader", "workers", "batch", "limits", "contract"]
  static let workersKeys = ["count", "memory", "startSeconds", "requestSeconds", "fork"]
  static let batchKeys = ["rows", "waitMilliseconds"]
  static let limitsKeys = ["requests", "body"]

  /// Every mapping with fixed keys, by path.
  public static let mappings: [(path: String, keys: [String])] = [
    ("serve", keys), ("serve.workers", workersKeys), ("serve.batch", batchKeys), ("serve.limits", limitsKeys),
  ]

  /// The most MiB of a quantity: a worker never needs more than a machine has.
  private static let memoryLimit = 16 << 20

  /// Creates a section; nil is the server's default.
  public init(
    loader: Loader? = nil, workers: Workers? = nil, batch: Batch? = nil, limits: Limits? = nil,
    contract: ContractSection? = nil
  ) {
    self.loader = loader
    self.workers = workers
    self.batch = batch
    self.limits = limits
    self.contract = contract
  }

  /// Reads the section of a document; nil if it has none. Problems are reported to the document's `KeyProblems`.
  /// - Parameters:
  ///   - top: the document's own mapping.
  ///   - runtime: the section only has an effect where opz-server is in front of workers.
  public static func read(_ top: YAMLScope, for runtime: RuntimeSection?) -> ServeSection? {
    guard top.has("serve") else { return nil }
    let scope = top.mapping("serve", keys: keys)
    if let runtime { check(scope, top, for: runtime) }
    var section = ServeSection(loader: scope.choice("loader"))
    if scope.has("workers") {
      let part = scope.mapping("workers", keys: workersKeys)
      section.workers = Workers(
        count: part.integer("count", in: 1...256), memory: part.mebibytes("memory", limit: memoryLimit),
        startSeconds: part.integer("startSeconds", in: 1...86_400),
        requestSeconds: part.integer("requestSeconds", in: 1...86_400), forks: part.flag("fork"))
    }
    if scope.has("batch") {
      let part = scope.mapping("batch", keys: batchKeys)
      section.batch = Batch(
        rows: part.integer("rows", in: 1...1_000_000),
        waitMilliseconds: part.integer("waitMilliseconds", in: 0...10_000))
    }
    if scope.has("limits") {
      let part = scope.mapping("limits", keys: limitsKeys)
      section.limits = Limits(
        requests: part.integer("requests", in: 1...1_000_000), body: part.mebibytes("body", limit: 1 << 10))
    }
    section.contract = ContractSection.read(scope)
    return section
  }

  /// Parts without effect are errors: workers of the native runtime, and all of them where opz-server does not serve.
  private static func check(_ scope: YAMLScope, _ top: YAMLScope, for runtime: RuntimeSection) {
    guard !runtime.hasWorkers else { return }
    let ofWorkers = keys.filter { $0 != "contract" && scope.has($0) }
    if runtime.kind == .native, scope.has("contract"), ofWorkers.isEmpty { return }
    let why = runtime.command.isEmpty ? "a \(runtime.kind.rawValue) runtime" : "a runtime with a command of its own"
    let what = runtime.kind == .native ? "has no workers" : "has no workers and keeps no contract"
    top.fail(
      "serve", "\(why) \(what)",
      hint: runtime.kind == .native
        ? "keep serve.contract alone, or write runtime: {kind: python} without a command"
        : "remove it, or write runtime: {kind: python} without a command")
  }
}

extension YAMLScope {
  /// An amount of memory such as `512Mi` or `2Gi`, in MiB; nil when it is missing. Others are reported.
  fileprivate func mebibytes(_ key: String, limit: Int) -> Int? {
    guard has(key), let text = text(key) else { return nil }
    let unit = text.hasSuffix("Mi") ? 1 : text.hasSuffix("Gi") ? 1 << 10 : 0
    let digits = text.dropLast(2)
    guard unit > 0, (1...8).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
      let number = Int(digits), !digits.hasPrefix("0"), number * unit <= limit
    else {
      fail(key, "\"\(text.prefix(80))\" is not an amount from 1Mi to \(limit)Mi", hint: "write \(key): 512Mi")
      return nil
    }
    return number * unit
  }
}
