import OpzHTTPServer
import OpzInference

/// Writes `GET /metrics`.
struct MetricsDocument {
  /// The server's own version.
  let version: String
  /// Milliseconds since 1970.
  let started: UInt64
  /// Names of other servers that are written too.
  let names: Set<MetricNames>
  /// Whether each model's metrics say whose they are.
  let isSeveral: Bool

  func response(_ models: ModelRepository, inFlight: Int, isReady: Bool) -> Response {
    var text = PrometheusText()
    let versions = models.loaded.all.map { (version: $0, values: $0.metrics.snapshot) }
    requests(&text, models.metrics.snapshot)
    for (version, values) in versions {
      text.labels = isSeveral ? MetricsDocument.labels(version.model) : []
      inference(&text, values)
    }
    text.labels = []
    text.metric("opz_requests_in_flight", "gauge", help: "Inference requests not answered yet.", value: inFlight)
    text.metric("opz_ready", "gauge", help: "1 while the server is ready for requests.", value: isReady ? 1 : 0)
    for (version, _) in versions { describe(&text, version.model) }
    for (version, _) in versions {
      text.labels = isSeveral ? MetricsDocument.labels(version.model) : []
      version.source?.write(to: &text)
    }
    text.labels = []
    for names in MetricNames.allCases where self.names.contains(names) {
      for (version, values) in versions {
        KnownMetrics(model: version.model, values: values, queue: version.source?.queued).write(names, to: &text)
      }
    }
    process(&text)
    return Response("text/plain; version=0.0.4; charset=utf-8", Array(text.text.utf8))
  }

  private static func labels(_ model: ServedModel) -> [(String, String)] {
    [("model", model.name), ("version", model.version)]
  }

  private func inference(_ text: inout PrometheusText, _ values: Metrics.Values) {
    text.describe(
      "opz_inference_duration_seconds", "histogram", help: "Time from the end of the header to the response.")
    text.histogram("opz_inference_duration_seconds", [], histogram: values.latency)
    text.metric("opz_rows_total", "counter", help: "Rows scored.", value: values.rows)
    text.metric(
      "opz_inference_errors_total", "counter", help: "Inference requests refused or failed.",
      value: values.failure.count)
    violations(&text, values)
  }

  private func describe(_ text: inout PrometheusText, _ model: ServedModel) {
    text.describe("opz_model_info", "gauge", help: "The model that is served.")
    let labels = MetricsDocument.labels(model)
    text.sample("opz_model_info", labels + [("platform", model.platform), ("server", version)], value: 1)
    guard isSeveral else { return }
    text.describe("opz_model_ready", "gauge", help: "1 while the version answers requests.")
    text.sample("opz_model_ready", labels, value: model.isReady ? 1 : 0)
  }

  private func requests(_ text: inout PrometheusText, _ values: Metrics.Values) {
    text.describe("opz_requests_total", "counter", help: "Requests answered, by endpoint and status code.")
    let sorted = values.requests.sorted { ($0.key.label, $0.key.status) < ($1.key.label, $1.key.status) }
    for (key, count) in sorted {
      text.sample("opz_requests_total", [("endpoint", key.label), ("code", "\(key.status)")], value: count)
    }
  }

  private func violations(_ text: inout PrometheusText, _ values: Metrics.Values) {
    text.describe("opz_contract_violations_total", "counter", help: "Values that broke the contract, by what was done.")
    let sorted = values.violations.sorted {
      ($0.key.column, $0.key.reason.rawValue, $0.key.action.rawValue)
        < ($1.key.column, $1.key.reason.rawValue, $1.key.action.rawValue)
    }
    for (key, count) in sorted {
      text.sample(
        "opz_contract_violations_total",
        [("column", key.column), ("reason", key.reason.rawValue), ("action", key.action.rawValue)], value: count)
    }
  }

  private func process(_ text: inout PrometheusText) {
    let usage = ProcessUsage.now()
    text.metric(
      "process_start_time_seconds", "gauge", help: "Start of the process, seconds since 1970.",
      value: Double(started) / 1000)
    text.metric("process_cpu_seconds_total", "counter", help: "User and system CPU time.", value: usage.cpuSeconds)
    guard let bytes = usage.residentBytes else { return }
    text.metric("process_resident_memory_bytes", "gauge", help: "Resident memory.", value: bytes)
  }
}
