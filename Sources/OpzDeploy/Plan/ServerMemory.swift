import OpzKubernetes

/// The memory that opz-server may use in a pod. The numbers are those of `ServerLimits`; a test checks that they
/// agree.
public enum ServerMemory {
  /// The default maximum size of a request body in bytes (OPZ_MAX_BODY_BYTES).
  public static let bodyBytes = 16 << 20
  /// Bytes for the program itself, its threads and its connections.
  public static let baseBytes = 32 << 20

  /// Bytes that requests may use at most: four bodies while they are received, four times the largest body while it
  /// is decoded and scored, and 16 MiB of scores in each of these two budgets.
  /// - Parameter body: the maximum size of a request body in bytes.
  public static func requestBytes(body: Int128) -> Int128 { 8 * body + (32 << 20) }
}

extension DeploymentPlan {
  /// Sets the memory of a pod with a server that runs a Python or R model, where opz.yaml says none: in steps of 64 MiB,
  /// 512 MiB at least.
  ///
  /// A test sends few rows; batches of many take more, so half is added to what it measured. Where nothing was measured,
  /// each process is taken to need what its packages have in files, and a library some 500 MiB; a loaded model takes a few
  /// times its file.
  public mutating func sizeForWorkers() throws {
    let model = Int128(modelBytes ?? 0)
    let packages = max(Int128(512 << 20), Int128(environmentBytes ?? 0))
    let guess: Int128
    if let measuredBytes {
      guess = Int128(measuredBytes) * 3 / 2
      memoryReason = "opz test measured \(mebi(Int128(measuredBytes))), and batches of many rows take half more"
    } else {
      guess = Int128(256 << 20) + Int128(workers.count) * (packages + 4 * model)
      let has = environmentBytes.map { " (their files have \(mebi(Int128($0))))" } ?? ""
      let each = server == .workers && workers.count > 1 ? ", in each of \(workers.count) workers" : ""
      memoryReason =
        "nothing was measured, so the packages are taken to need \(mebi(packages))\(has) and the model \(mebi(4 * model))\(each)"
    }
    let need = max(guess + ServerMemory.requestBytes(body: bodyBytes), workerBytes)
    try setMemory(need, least: 8)
  }

  /// Sets the memory of a pod with a server that opz knows nothing of, where opz.yaml says none: what the image and the
  /// model have in bytes says most of it. In steps of 64 MiB, 256 MiB at least.
  public mutating func sizeForCustom() throws {
    let model = Int128(modelBytes ?? 0)
    // Of a large image, most is never loaded.
    let image = min(Int128(imageBytes ?? 0), 2 << 30)
    try setMemory((128 << 20) + image + 4 * model, least: 4)
    memoryReason =
      "opz cannot measure a server of your own, so it is taken to need 128Mi, the image's \(mebi(image)) and \(mebi(4 * model)) for the model"
  }

  /// - Parameter least: in steps of 64 MiB.
  private mutating func setMemory(_ need: Int128, least: Int128) throws {
    // More than any machine has is no quantity of Kubernetes.
    let steps = max(least, (min(need, 1 << 60) + (64 << 20) - 1) / (64 << 20))
    memory = try Quantity(steps % 16 == 0 ? "\(steps / 16)Gi" : "\(steps * 64)Mi", key: "deploy.resources.memory")
  }

  /// The most bytes of a request's body.
  private var bodyBytes: Int128 {
    Int128(variable("OPZ_MAX_BODY_BYTES").flatMap { UInt32($0) } ?? UInt32(ServerMemory.bodyBytes))
  }

  /// What opz-server wants to have before it starts workers that may have so much: they get 90% of the limit.
  private var workerBytes: Int128 {
    (Int128(workers.memoryBytes ?? 0) * Int128(max(1, workers.count)) * 10 + 8) / 9
  }

  /// Rejects a pod that its own requests could exhaust, because it would be killed when the load is highest.
  func checkMemory() throws {
    switch server {
    case .native: try checkNativeMemory()
    case .workers: try checkWorkerMemory()
    case .custom, .weights: break
    }
  }

  private func checkNativeMemory() throws {
    let model = Int128(modelBytes ?? 0)
    let need = Int128(ServerMemory.baseBytes) + ServerMemory.requestBytes(body: bodyBytes) + model
    guard memory.nano < need * 1_000_000_000 else { return }
    throw tooLittle(need, "\(mebi(model)) for the model, \(mebi(Int128(ServerMemory.baseBytes))) for itself")
  }

  private func checkWorkerMemory() throws {
    if memory.nano < workerBytes * 1_000_000_000, let each = workers.memoryBytes {
      throw DeployError(
        .badTarget, "deploy.resources.memory",
        reason:
          "\(memory) is too little for \(workers.count) workers of \(mebi(Int128(each))): opz-server gives them 90% of it and would not start",
        hint: "write memory: \(mebi(workerBytes)) or more, or lower serve.workers")
    }
    guard let measuredBytes else { return }
    let need = Int128(measuredBytes) + ServerMemory.requestBytes(body: bodyBytes)
    guard memory.nano < need * 1_000_000_000 else { return }
    throw tooLittle(need, "\(mebi(Int128(measuredBytes))) for server and workers as opz test measured them")
  }

  private func tooLittle(_ need: Int128, _ rest: String) -> DeployError {
    DeployError(
      .badTarget, "deploy.resources.memory",
      reason: "\(memory) is less than the \(mebi(need)) that opz-server may need: "
        + "\(mebi(ServerMemory.requestBytes(body: bodyBytes))) for requests (OPZ_MAX_BODY_BYTES is \(bodyBytes)), \(rest)",
      hint: "write memory: \(mebi(need)) or more, or env: {OPZ_MAX_BODY_BYTES: \"1048576\"} where requests are small")
  }

  private func mebi(_ bytes: Int128) -> String { "\((bytes + (1 << 20) - 1) >> 20)Mi" }
}
