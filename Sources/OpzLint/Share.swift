import OpzYAML

/// A number of pods, or a part of them: `1`, `25%`.
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

  /// - Parameter up: round a part of a pod up: maxSurge and a budget's numbers; down: a rollout's maxUnavailable.
  func count(of replicas: Int, up: Bool) -> Int {
    guard isPercent else { return value }
    let parts = value * min(max(0, replicas), 1_000_000_000)
    return up ? (parts + 99) / 100 : parts / 100
  }

  var text: String { isPercent ? "\(value)%" : "\(value)" }
}
