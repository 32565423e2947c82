/// Writes metrics in Prometheus' text format 0.0.4. Samples of one metric stand together whatever the order in which they
/// come, as the format demands, so that several parts of the server may write the same metrics with different labels.
package struct PrometheusText {
  private struct Family {
    var text: String
  }

  private var families: [Family] = []
  private var places: [String: Int] = [:]
  /// The family of the next samples.
  private var current = 0
  /// Labels of all samples from now on, before their own.
  package var labels: [(String, String)] = []

  package init() {}

  package var text: String { families.map(\.text).joined() }

  /// The head of a metric: one for all its samples, which follow.
  package mutating func describe(_ name: String, _ type: String, help: String) {
    if let place = places[name] {
      current = place
      return
    }
    begin(name, "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
  }

  private mutating func begin(_ name: String, _ head: String) {
    current = families.count
    places[name] = current
    families.append(Family(text: head))
  }

  package mutating func sample(_ name: String, _ own: [(String, String)] = [], value: some CustomStringConvertible) {
    if families.isEmpty { begin(name, "") }
    var line = name
    let labels = labels + own
    if !labels.isEmpty {
      let pairs = labels.map { "\($0)=\"\(PrometheusText.escape($1))\"" }
      line += "{" + pairs.joined(separator: ",") + "}"
    }
    families[current].text += "\(line) \(value)\n"
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
