extension DeploymentPlan {
  /// Whether a signal counts requests, rather than CPU or memory use.
  var scalesOnRequests: Bool { settings.autoscale?.concurrency != nil || settings.autoscale?.rps != nil }

  /// Rejects numbers that Kubernetes would reject, whether or not the replicas vary, because Knative and KServe get
  /// them in either case.
  func checkRanges() throws {
    let scale = settings.autoscale
    for (key, value) in [("cpu", cpuTarget), ("memory", scale?.memory)] {
      guard let value, !(1...1000).contains(value) else { continue }
      throw DeployError(.badTarget, "deploy.autoscale.\(key)", reason: "\(value)% is not from 1% to 1000%")
    }
    for (key, value) in [("concurrency", scale?.concurrency), ("rps", scale?.rps)] {
      guard let value, !(1...1_000_000).contains(value) else { continue }
      throw DeployError(.badTarget, "deploy.autoscale.\(key)", reason: "\(value) is not from 1 to 1000000")
    }
    try check(scale?.up, "up")
    try check(scale?.down, "down")
  }

  /// Rejects targets that no load can exceed, and signals that nothing would measure.
  func checkSignals() throws {
    if let cpuTarget { try checkPercent(cpuTarget, "cpu") }
    if let memory = settings.autoscale?.memory { try checkPercent(memory, "memory") }
    try checkConcurrency()
    try checkQuery()
    try target.checkSignals(self)
  }

  private func checkPercent(_ percent: Int, _ key: String) throws {
    // The limit equals the request, so use is at most 100%, and the autoscaler acts only above 1.1 times the target.
    guard percent < 91 else {
      throw DeployError(
        .neverScales, "deploy.autoscale.\(key)",
        reason:
          "\(percent)% never scales up: use is at most 100% of the request, and 100 / \(percent) is not above the tolerance of 1.1",
        hint: "set 90 or less; 70 leaves room for the time that a new pod needs")
    }
  }

  /// opz-server refuses requests above its limit, so more are never in flight.
  private func checkConcurrency() throws {
    guard server.isOpzServer, let aim = settings.autoscale?.concurrency else { return }
    let maximum = maximumRequests
    guard Int128(aim) * 11 >= Int128(maximum) * 10 else { return }
    throw DeployError(
      .neverScales, "deploy.autoscale.concurrency",
      reason:
        "\(aim) never scales up: opz-server has at most \(maximum) requests in flight, and \(maximum) / \(aim) is not above the tolerance of 1.1",
      hint: "set what one pod can handle within your latency target; opz-server rejects requests above OPZ_MAX_REQUESTS"
    )
  }

  /// A query for the rate of requests works with KEDA only.
  private func checkQuery() throws {
    guard let scale = settings.autoscale, scale.activate != nil else { return }
    guard target.evaluatesQueries else {
      throw DeployError(
        .badTarget, "deploy.autoscale.activate", reason: "only KEDA evaluates a query",
        hint: "use --target keda, or omit it")
    }
    guard scale.rps != nil else {
      throw DeployError(
        .badTarget, "deploy.autoscale.activate", reason: "the rate is divided by the requests per second of one pod",
        hint: "write rps, too")
    }
  }

  /// Kubernetes' ranges: a window of up to an hour, a period of up to half an hour.
  private func check(_ rule: DeploySettings.Rule?, _ direction: String) throws {
    guard let rule else { return }
    let ranges: [(String, Int?, ClosedRange<Int>)] = [
      ("window", rule.window, 0...3600), ("pods", rule.pods, 1...Int(Int32.max)),
      ("percent", rule.percent, 1...Int(Int32.max)), ("period", rule.period, 1...1800),
    ]
    for (key, value, range) in ranges {
      guard let value, !range.contains(value) else { continue }
      throw DeployError(
        .badTarget, "deploy.autoscale.\(direction).\(key)",
        reason: "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
    }
  }
}
