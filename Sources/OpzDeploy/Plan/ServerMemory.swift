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
      "\(memory) is less than the \(mebi(need)) that opz-server may need: \(mebi(ServerMemory.requestBytes(body: body))) for requests "
        + "(OPZ_MAX_BODY_BYTES is \(body)), \(mebi(model)) for the model, \(mebi(Int128(ServerMemory.baseBytes))) for itself",
      hint: "write memory: \(mebi(need)) or more, or env: {OPZ_MAX_BODY_BYTES: \"1048576\"} where requests are small")
  }
}
