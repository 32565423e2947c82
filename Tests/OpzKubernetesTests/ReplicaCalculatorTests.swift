import FoundationEssentials
import OpzIO
import OpzKubernetes
import OpzTestKit
import Testing

/// A case of the controller's own tests. Fixtures/README.md explains the file's keys.
struct ReplicaCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Container: Decodable, Sendable {
    let name: String
    let request_milli: Int64?
    let usage_milli: Int64?
  }
  struct Pod: Decodable, Sendable {
    let name: String
    let phase: String
    let ready: String?
    let readyTransition_s: Double?
    let started_s: Double?
    let deleted: Bool
    let containers: [Container]
  }
  struct Level: Decodable, Sendable {
    let pod: String?
    let timestamp_s: Double?
    let window_s: Double?
    let value_milli: Int64?
    let containers: [Container]?
  }
  struct Request: Decodable, Sendable {
    let pod: String
    let request_milli: Int64
  }
  struct Target: Decodable, Sendable {
    let utilization_percent: Int?
    let averageValue_milli: Int64?
    let value_milli: Int64?
  }

  let name: String
  let kind: String
  let resource: String?
  let container: String?
  let currentReplicas: Int?
  let tolerance: Double?
  let cpuInitializationPeriod_s: Double?
  let initialReadinessDelay_s: Double?
  let pods: [Pod]?
  let requests: [Request]?
  let levels: [Level]
  let target: Target?
  let expectedReplicas: Int?
  let expectedUtilization_percent: Int?
  let expectedValue_milli: Int64?
  let expectedError: String?
  let expectedRatio: Double?
  let expectedReadyPodCount: Int?
  let expectedUnready: [String]?
  let expectedMissing: [String]?
  let expectedIgnored: [String]?

  var testDescription: String { "\(kind) \(name)" }

  static let all: [ReplicaCase] = {
    let path = KubernetesFixture.path("hpa-replica-calculator.json")
    return (try? JSONDecoder().decode([ReplicaCase].self, from: Data(FileBlob(path).bytes()))) ?? []
  }()

  var calculator: ReplicaCalculator {
    var calculator = ReplicaCalculator()
    if let tolerance { calculator.tolerance = .init(up: tolerance, down: tolerance) }
    if let period = cpuInitializationPeriod_s { calculator.initializationPeriod = period }
    if let delay = initialReadinessDelay_s { calculator.readinessDelay = delay }
    return calculator
  }

  var autoscaled: [AutoscaledPod] {
    if let requests { return requests.map { AutoscaledPod(name: $0.pod, request: $0.request_milli) } }
    return (pods ?? []).map { pod in
      let counted = pod.containers.filter { container == nil || $0.name == container }
      let requests = counted.compactMap(\.request_milli)
      return AutoscaledPod(
        name: pod.name, phase: AutoscaledPod.Phase(rawValue: pod.phase) ?? .unknown, isDeleted: pod.deleted,
        isReady: pod.ready.map { $0 == "True" }, readySince: pod.readyTransition_s ?? 0, started: pod.started_s,
        request: requests.count == counted.count ? requests.reduce(0, +) : nil)
    }
  }

  func samples() throws -> [String: MetricSample] {
    var samples: [String: MetricSample] = [:]
    for level in levels {
      guard let pod = level.pod else { continue }
      let containers = (level.containers ?? []).map { (name: $0.name, value: $0.usage_milli ?? 0) }
      let value = try level.value_milli ?? ReplicaCalculator.sample(containers, of: container)
      samples[pod] = MetricSample(value, at: level.timestamp_s ?? 0, window: level.window_s ?? 60)
    }
    return samples
  }

  /// The value of an Object or External metric.
  var total: Int64 { levels.reduce(0) { $0 + ($1.value_milli ?? 0) } }

  func proposal() throws -> ReplicaCalculator.Proposal {
    let current = currentReplicas ?? 1
    switch kind {
    case "object", "external":
      let ready = autoscaled.count { $0.phase == .running && $0.isReady == true }
      return calculator.total(total, target: target?.value_milli ?? 0, ready: ready, current: current)
    case "object-per-pod", "external-per-pod":
      return calculator.perPod(total, target: target?.averageValue_milli ?? 0, current: current)
    default:
      if let percent = target?.utilization_percent {
        return try calculator.utilization(
          autoscaled, samples(), target: percent, current: current, isCPU: resource == "cpu")
      }
      return try calculator.average(
        autoscaled, samples(), target: target?.averageValue_milli ?? 0, current: current, isCPU: resource == "cpu")
    }
  }
}

@Suite("The replicas that a HorizontalPodAutoscaler wants")
struct ReplicaCalculatorTests {
  @Test("the table is complete")
  func whole() { #expect(ReplicaCase.all.count == 54) }

  @Test("each case of the controller's own tests", arguments: ReplicaCase.all)
  func controller(_ given: ReplicaCase) throws {
    if given.kind == "group-pods" {
      let groups = PodGroups(
        given.autoscaled, try given.samples(), calculator: given.calculator, isCPU: given.resource == "cpu")
      #expect(groups.ready == given.expectedReadyPodCount)
      #expect(groups.unready == Set(given.expectedUnready ?? []))
      #expect(groups.missing == Set(given.expectedMissing ?? []))
      return #expect(groups.ignored == Set(given.expectedIgnored ?? []))
    }
    if let expected = given.expectedError {
      let failure = #expect(throws: ReplicaCalculator.Failure.self) { try given.proposal() }
      return #expect(failure.map { "\($0)" } == expected)
    }
    let proposal = try given.proposal()
    if let replicas = given.expectedReplicas { #expect(proposal.replicas == replicas) }
    if let percent = given.expectedUtilization_percent { #expect(proposal.utilization == percent) }
    if let value = given.expectedValue_milli { #expect(proposal.value == value) }
    if let ratio = given.expectedRatio, let percent = given.target?.utilization_percent {
      #expect(Double(try #require(proposal.utilization)) / Double(percent) == ratio)
    } else if let ratio = given.expectedRatio {
      #expect(Double(proposal.value) / Double(try #require(given.target?.averageValue_milli)) == ratio)
    }
  }

  @Test("numbers at their limits do not trap", arguments: [Int64.min, -1, 0, 1, Int64.max])
  func limits(_ value: Int64) throws {
    let calculator = ReplicaCalculator()
    let pods = (0..<3).map { AutoscaledPod(name: "\($0)", request: value) }
    let samples = Dictionary(uniqueKeysWithValues: pods.map { ($0.name, MetricSample(value)) })
    for target in [Int.min, 0, 1, Int.max] {
      _ = try? calculator.utilization(pods, samples, target: target, current: 3, isCPU: true)
      _ = try? calculator.average(pods, samples, target: Int64(target), current: 3)
      _ = calculator.total(value, target: Int64(target), ready: 3, current: 0)
      _ = calculator.perPod(value, target: Int64(target), current: 0)
    }
  }
}
