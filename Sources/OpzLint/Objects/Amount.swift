import OpzKubernetes
import OpzYAML

/// A quantity in a manifest: CPU in thousandths, everything else in units.
struct Amount: Sendable {
  let node: YAMLNode
  let text: String
  let milli: Int64
  let units: Int64

  /// Nil where there is no quantity, or one that Kubernetes cannot parse, which is a finding of its own.
  init?(_ node: YAMLNode?) {
    guard let node, let text = node.text else { return nil }
    self.node = node
    self.text = text
    if let quantity = try? Quantity(text, key: "") {
      milli = quantity.milli
      units = quantity.units
    } else if Amount.isZero(text) {
      (milli, units) = (0, 0)
    } else {
      return nil
    }
  }

  /// `Quantity` rejects zero, which is valid in a manifest.
  static func isZero(_ text: String) -> Bool {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    return digits.contains("0") && digits.allSatisfy { $0 == "0" || $0 == "." }
      && (try? Quantity("1" + text[digits.endIndex...], key: "")) != nil
  }
}

/// A number or percentage of pods, such as `1` and `25%`.
struct IntOrPercent: Sendable {
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
