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
