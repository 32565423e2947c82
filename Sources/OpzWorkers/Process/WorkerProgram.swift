import OpzInference
import OpzJSON

/// How a worker is started.
struct WorkerProgram: Sendable {
  /// The program and its arguments.
  var arguments: [String]
  var environment: [String: String]
  /// What it reads from its standard input: the signature as JSON; empty for nothing.
  var input: [UInt8] = []
  /// Whether it loads the model for workers that are forked from it: it is asked over a socket then, not a pipe.
  var isTemplate = false
  /// The most bytes of its data, so that an allocation fails before the kernel ends the whole container; nil for any.
  var dataBytes: Int?

  /// The worker that the settings name.
  /// - Parameters:
  ///   - environment: the server's own.
  ///   - threads: how many threads the libraries of one worker use, unless the environment says it.
  init(_ settings: ServeSettings, _ worker: ServeSettings.Worker, environment: [String: String], threads: Int) {
    arguments = worker.command
    if worker.kind == .r, let path = worker.path, !worker.command.contains(where: { $0.hasSuffix(".R") }) {
      arguments.append("\(path)/worker.R")
    }
    arguments += ["--model", settings.model]
    if let loader = worker.loader { arguments += ["--loader", loader] }
    if let code = worker.code { arguments += ["--code", code] }
    if let predict = worker.predict { arguments += ["--predict", predict] }
    if let signature = settings.signature, let json = try? CanonicalJSON.encode(signature.value) {
      // An argument has 128 KiB at most (execve(2)), and a signature may have more categories than that.
      arguments += ["--signature", "-"]
      input = json
    }
    let environment = environment.merging(worker.environment) { $1 }
    self.environment = environment
    if worker.kind == .python {
      let own = [worker.path, worker.code].compactMap { $0 }
      let others = environment["PYTHONPATH"].map { [$0] } ?? []
      self.environment["PYTHONPATH"] = (own + others).joined(separator: ":")
      // What a model prints is in the log before it dies.
      self.environment["PYTHONUNBUFFERED"] = "1"
      self.environment["PYTHONFAULTHANDLER"] = environment["PYTHONFAULTHANDLER"] ?? "1"
    }
    // Each library takes all processors otherwise, and workers would get in each other's way.
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] where environment[name] == nil {
      self.environment[name] = "\(max(1, threads))"
    }
  }

  /// The program of one worker among several.
  func numbered(_ number: Int, gpus: [Int]) -> WorkerProgram {
    var program = self
    program.environment.merge(WorkerProgram.own(number, gpus: gpus)) { $1 }
    return program
  }

  /// The program that loads the model for all workers, or for one where it cannot be forked.
  func template(_ number: Int) -> WorkerProgram {
    var program = numbered(number, gpus: [])
    program.isTemplate = true
    program.arguments.append("--fork")
    return program
  }

  /// The variables that are different for each worker.
  static func own(_ number: Int, gpus: [Int]) -> [String: String] {
    var environment = ["OPZ_WORKER_INDEX": "\(number)"]
    if !gpus.isEmpty { environment["CUDA_VISIBLE_DEVICES"] = "\(gpus[number % gpus.count])" }
    return environment
  }
}
