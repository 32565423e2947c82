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

extension ServerMemory {
  /// The memory of a pod with a Python or R model where opz.yaml says none.
  /// - Parameters:
  ///   - measured: bytes that server and workers had after `opz test` sent its requests; nil if it was not run.
  ///   - model: bytes of the model's files.
  /// - Returns: a quantity such as `1Gi`, in steps of 64 MiB.
  public static func ofWorkers(measured: UInt64?, model: UInt64) -> String {
    let requests = requestBytes(body: Int128(bodyBytes))
    // A test sends few rows; batches of many take more. Where nothing was measured, a library takes some 500 MiB, and a
    // loaded model a few times its file.
    let need: Int128 =
      if let measured { Int128(measured) * 3 / 2 + requests } else { Int128(768 << 20) + 4 * Int128(model) + requests }
    let steps = max(8, (need + (64 << 20) - 1) / (64 << 20))
    return steps % 16 == 0 ? "\(steps / 16)Gi" : "\(steps * 64)Mi"
  }
}

extension DeploymentPlan {
  /// Rejects a pod that its own requests could exhaust, because it would be killed when the load is highest.
  func checkMemory() throws {
    guard server == .native else { return }
    let body = Int128(settings.env?["OPZ_MAX_BODY_BYTES"].flatMap { UInt32($0) } ?? UInt32(ServerMemory.bodyBytes))
    let model = Int128(modelBytes ?? 0)
    let need = Int128(ServerMemory.baseBytes) + ServerMemory.requestBytes(body: body) + model
    guard memory.nano < need * 1_000_000_000 else { return }
    func mebi(_ bytes: Int128) -> String { "\((bytes + (1 << 20) - 1) >> 20)Mi" }
    throw DeployError(
      .badTarget, "deploy.resources.memory",
      reason:
        "\(memory) is less than the \(mebi(need)) that opz-server may need: \(mebi(ServerMemory.requestBytes(body: body))) for requests "
        + "(OPZ_MAX_BODY_BYTES is \(body)), \(mebi(model)) for the model, \(mebi(Int128(ServerMemory.baseBytes))) for itself",
      hint: "write memory: \(mebi(need)) or more, or env: {OPZ_MAX_BODY_BYTES: \"1048576\"} where requests are small")
  }
}
