import OpzYAML

/// A number or percentage of pods, such as `1` and `25%`.
struct Share: Sendable {
  private let value: Int
  private let isPercent: Bool

  init?(_ node: YAMLNode?) {
    guard let text = node?.text else { return nil }
    if text.hasSuffix("%"), let percent = Int(text.dropLast()), (0...1000).contains(percent) {
      (value, isPercent) = (percent, true)
    } else if let count = Int(text), (0...1_000_000_000).contains(count) {
      (value, isPercent) = (count, false)
    } else {
      return nil
    }
  }

  /// Returns the number of pods.
  /// - Parameter up: rounds up, as for maxSurge and disruption budgets, instead of down, as for a rollout's
  ///   maxUnavailable.
  func count(of replicas: Int, up: Bool) -> Int {
    guard isPercent else { return value }
    let parts = value * min(max(0, replicas), 1_000_000_000)
    return up ? (parts + 99) / 100 : parts / 100
  }

  var text: String { isPercent ? "\(value)%" : "\(value)" }
}
