import OpzInference

/// What a pool needs beside the settings of the server.
public struct PoolSettings: Sendable {
  /// The server's environment, which workers inherit.
  public var environment: [String: String]
  /// Processors that all workers share.
  public var cores: Int
  /// The memory limit of the server and its workers together, in bytes; nil for none.
  public var memoryBytes: Int?
  /// Memory of the server itself in bytes; nil to measure it.
  public var serverBytes: Int?
  /// Memory of the workers of other pools in this process, in bytes: they are below the same limit.
  public var otherBytes: @Sendable (_ pool: WorkerPool) -> Int = { _ in 0 }
  /// The most bytes of one answer.
  public var answerBytes = 64 << 20
  /// Requests that wait.
  public var queueLength = 256
  /// How much a worker may grow over what it used after its first answers, beside half of that, before it is replaced.
  public var growthBytes = 256 << 20
  /// Seconds that a worker has after SIGINT before it is killed.
  public var interruptSeconds = 2.0
  /// Seconds that requests wait while no worker serves; then they get 503.
  public var desertedSeconds = 10.0
  /// Seconds between looks at the memory.
  public var memorySeconds = 1.0
  /// Starts that fail, or workers that end without having been asked anything, after which the pool gives up.
  public var mostFailures = 10

  /// The settings of a server in this environment; the memory limit is that of the control group.
  public init(environment: [String: String], cores: Int) {
    self.environment = environment
    self.cores = cores
    memoryBytes = MemoryLimit.current()
  }
}
