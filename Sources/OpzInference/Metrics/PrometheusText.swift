/// Writes metrics in Prometheus' text format 0.0.4.
package struct PrometheusText {
  package private(set) var text = ""

  package init() {}

  /// The head of a metric: one for all its samples.
  package mutating func describe(_ name: String, _ type: String, help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  package mutating func sample(_ name: String, _ labels: [(String, String)] = [], value: some CustomStringConvertible) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0)=\"\(PrometheusText.escape($1))\"" }
      text += "{" + pairs.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  /// A metric with one sample.
  package mutating func metric(_ name: String, _ type: String, help: String, value: some CustomStringConvertible) {
    describe(name, type, help: help)
    sample(name, [], value: value)
  }

  /// A histogram's cumulative buckets, its sum and its count.
  package mutating func histogram(_ name: String, _ labels: [(String, String)], histogram: Histogram) {
    var total: UInt64 = 0
    for (index, count) in histogram.counts.enumerated() {
      total &+= count
      let bound = index < Histogram.bounds.count ? "\(Histogram.bounds[index])" : "+Inf"
      sample(name + "_bucket", labels + [("le", bound)], value: total)
    }
    sample(name + "_sum", labels, value: histogram.sum)
    sample(name + "_count", labels, value: total)
  }

  private static func escape(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// A part of the server that has metrics of its own.
package protocol MetricsSource: Sendable {
  func write(to text: inout PrometheusText)

  /// What its queue counted; nil for a part without one.
  var queued: QueueValues? { get }
}
