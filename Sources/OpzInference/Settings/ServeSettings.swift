public import OpzFormats

/// What `opz-server --settings FILE` reads and packaging writes: a model, what runs it, and how it is served.
///
/// One type reads and writes the file, so that neither program knows a member that the other does not.
public struct ServeSettings: Sendable, Equatable {
  /// The version of the file's form: its member `opz_serve`.
  public static let form = 1

  /// The name that clients ask for; nil to derive it from the model's path.
  public var name: String?
  /// The model's version; nil for the server's default.
  public var version: String?
  /// The model's file or directory, as the server sees it.
  public var model: String
  /// How a model is read that the server scores itself; nil for what the server's own options say.
  public var reading: ReadingOptions?
  /// What runs the model; nil for one that the server scores itself.
  public var worker: Worker?
  /// Inputs and outputs; nil to go by what the worker says.
  public var signature: Signature?
  public var workers = Workers()
  public var batch = Batch()
  /// What callers may send; nil for whatever the model takes.
  public var contract: Contract?

  /// Settings of a model with all defaults.
  public init(model: String) { self.model = model }

  /// The program that runs a model.
  public struct Worker: Sendable, Equatable {
    /// The language that it is written in.
    public enum Kind: String, Sendable, CaseIterable {
      case python, r
    }

    public var kind: Kind
    /// The program and its first arguments; the server adds the rest.
    public var command: [String]
    /// The directory of our worker's files; Python finds modules there.
    public var path: String?
    /// What reads the model (`WorkerLoader`); nil to go by the file.
    public var loader: String?
    /// A directory of the user's own code.
    public var code: String?
    /// The file with the user's `predict`.
    public var predict: String?
    /// Variables of the worker, above those of the server.
    public var environment: [String: String] = [:]

    /// A worker whose command is `command`.
    public init(_ kind: Kind, command: [String]) {
      self.kind = kind
      self.command = command
    }
  }

  /// Inputs and outputs as they are written down.
  public struct Signature: Sendable, Equatable {
    public var inputs: [TensorSpec]
    public var outputs: [TensorSpec]

    /// A signature of these tensors.
    public init(inputs: [TensorSpec], outputs: [TensorSpec] = []) {
      self.inputs = inputs
      self.outputs = outputs
    }
  }

  /// How many workers there are, and what each may use.
  public struct Workers: Sendable, Equatable {
    public var count = 1
    /// How many have to live for the server to be ready.
    public var minimum = 1
    /// MiB of memory of one; nil to go by what is measured.
    public var memoryMB: Int?
    /// Seconds in which a worker has to have loaded its model.
    public var startSeconds = 600
    /// Seconds in which a request has to be answered; then the worker is interrupted.
    public var requestSeconds = 60
    /// Whether workers of Python are forked from a process that has loaded the model, where that is possible.
    public var forks = true
    /// The numbers of the GPUs that workers are given in turn; empty to leave the choice to the environment.
    public var gpus: [Int] = []

    /// One worker with all defaults.
    public init() {}
  }

  /// How requests are put together.
  public struct Batch: Sendable, Equatable {
    /// The most rows of a batch; 1 turns batching off.
    public var rows = 64
    /// The most milliseconds that a request waits for others while a worker is free.
    public var waitMilliseconds = 0

    /// Batches of what waits anyway.
    public init() {}
  }
}
