import OpzYAML

/// A probe, with Kubernetes' defaults.
struct Probe: Sendable {
  let node: YAMLNode
  let delay: Int
  let period: Int
  let failures: Int
  let timeout: Int

  init?(_ node: YAMLNode?) {
    guard let node else { return nil }
    func read(_ key: String, _ usual: Int) -> Int { min(max(0, node[key]?.int ?? usual), 1_000_000) }
    self.node = node
    delay = read("initialDelaySeconds", 0)
    period = max(1, read("periodSeconds", 10))
    failures = max(1, read("failureThreshold", 3))
    timeout = max(1, read("timeoutSeconds", 1))
  }

  /// Seconds after the start by which the probe of an unresponsive container has failed for certain.
  var budget: Int { delay + failures * period }

  /// Seconds after the start before which the probe cannot have failed for good. The kubelet's ticks are independent
  /// of the container's start (prober/worker.go): the first probe runs up to a period after the delay, and the
  /// failure that counts comes failures - 1 periods later.
  var certain: Int { delay + (failures - 1) * period }

  var certainText: String { "\(delay) + (\(failures) - 1) * \(period) = \(certain) s" }

  var text: String { "\(delay) + \(failures) * \(period) = \(budget) s" }
}

/// The seconds from a container's start to its first response, from an annotation or an option.
enum LoadTime {
  static let annotation = "opz.dev/load-seconds"

  static func seconds(_ workload: Workload?, _ options: LintOptions) -> Double? {
    let said = workload?.annotation(annotation).flatMap(Double.init) ?? options.loadSeconds
    guard let said, said.isFinite, said > 0 else { return nil }
    return said
  }
}
