import OpzYAML

/// Formats numbers for messages.
enum Decimal {
  /// At most two decimal places, truncated instead of rounded, so that the text never crosses a limit; without
  /// trailing zeros.
  static func text(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return value > 0 ? "infinity" : "\(value)" }
    let hundredths = Int((value * 100).rounded(.towardZero))
    let (whole, rest) = (hundredths / 100, abs(hundredths % 100))
    let sign = hundredths < 0 && whole == 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest % 10 == 0 ? rest / 10 : rest)"
  }

  /// CPU cores, such as `500m` and `2`.
  static func cores(_ milli: Int64) -> String { milli % 1000 == 0 ? "\(milli / 1000)" : "\(milli)m" }

  /// Bytes, such as `256Mi`, `1.5Gi` and `100`.
  static func bytes(_ units: Int64) -> String {
    for (suffix, shift) in [("Gi", 30), ("Mi", 20), ("Ki", 10)] where units >= 1 << shift {
      return text(Double(units) / Double(1 << shift)) + suffix
    }
    return "\(units)"
  }

  static func amount(_ value: Int64, of resource: String) -> String {
    resource == "cpu" ? cores(value) : bytes(value)
  }
}

/// Formats labels for messages.
enum Labels {
  static func text(_ node: YAMLNode) -> String {
    let shown = node.members.prefix(4).map { "\($0.key.prefix(63))=\(($0.value.text ?? "").prefix(63))" }
    return shown.joined(separator: ", ") + (node.members.count > 4 ? ", .." : "")
  }
}
