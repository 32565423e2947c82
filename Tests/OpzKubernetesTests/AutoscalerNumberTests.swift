import OpzKubernetes
import Testing

/// The autoscaler's arithmetic at the limits of its number types: it returns, and never traps.
@Suite("Extreme numbers of autoscalers")
struct AutoscalerNumberTests {
  static let numbers = [
    .min, -1, 0, 1, 80, 99, 100, 101, 1001, 1_000_001, Int(Int32.max), Int(Int32.max) + 1, .max / 100 + 1,
    .max / 11 + 1,
    .max / 2 + 1, .max, 1_000_000_000_000_000_000,
  ]

  @Test("computing the scale-up path ends with any numbers")
  func wayUp() {
    let doubles: [Double] = [-1, 15, -1e308, 1e308, .infinity, .nan, .leastNonzeroMagnitude]
    for window in doubles {
      for period in doubles {
        for number in AutoscalerNumberTests.numbers {
          let rules = ScalingRules.upward(
            window: window, policies: [.init(.pods, number, period: period), .init(.percent, number, period: period)])
          let path = ScaleUpPath(
            ReplicaLimits(minReplicas: 1, maxReplicas: Int(Int32.max), up: rules), from: 1, horizon: 600)
          #expect(path.steps.count < 100)
          _ = ScaleUpPath(
            ReplicaLimits(minReplicas: number, maxReplicas: number, up: rules), from: number, horizon: 600)
        }
      }
    }
  }

  @Test("the autoscaler's arithmetic ends with any numbers")
  func arithmetic() {
    let calculator = ReplicaCalculator()
    let pods = [AutoscaledPod(name: "a", request: .max), AutoscaledPod(name: "b", request: .min)]
    for value in AutoscalerNumberTests.numbers {
      for target in AutoscalerNumberTests.numbers {
        let samples = ["a": MetricSample(Int64(value)), "b": MetricSample(Int64(value))]
        _ = try? calculator.utilization(pods, samples, target: target, current: value, isCPU: true)
        _ = try? calculator.average(pods, samples, target: Int64(target), current: value)
        _ = calculator.total(Int64(value), target: Int64(target), ready: value, current: target)
        _ = calculator.perPod(Int64(value), target: Int64(target), current: value)
        _ = ReplicaLimits.plain(current: value, desired: target, minReplicas: value, maxReplicas: target)
      }
    }
  }
}
