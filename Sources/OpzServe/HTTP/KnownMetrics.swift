import OpzInference

/// Another server whose names of metrics are exported too, so that dashboards and alerts made for it go on working.
public enum MetricNames: String, CaseIterable, Sendable {
  /// `nv_inference_*` of Triton.
  case triton
  /// `model_infer_request_*` of MLServer.
  case mlserver
}

/// What the server counts, by the names of other servers.
struct KnownMetrics {
  let model: ServedModel
  let values: Metrics.Values
  /// Nil where requests do not wait.
  let queue: QueueValues?

  private var labels: [(String, String)] { [("model", model.name), ("version", model.version)] }

  func write(_ names: MetricNames, to text: inout PrometheusText) {
    switch names {
    case .triton: triton(&text)
    case .mlserver: mlserver(&text)
    }
  }

  /// Triton's metrics, "Inference Request Metrics": times are sums, in microseconds.
  private func triton(_ text: inout PrometheusText) {
    func counter(_ name: String, _ help: String, value: UInt64) {
      text.describe("nv_inference_\(name)", "counter", help: help)
      text.sample("nv_inference_\(name)", labels, value: value)
    }
    counter("request_success", "Inference requests that succeeded.", value: values.success.count)
    text.describe("nv_inference_request_failure", "counter", help: "Inference requests that failed, by reason.")
    for reason in FailureReason.allCases {
      text.sample(
        "nv_inference_request_failure", labels + [("reason", reason.rawValue.uppercased())],
        value: values.failures[reason] ?? 0)
    }
    counter("count", "Rows scored.", value: values.rows)
    // What is not batched runs by itself.
    let batches = queue.map { $0.left.values.reduce(0, &+) } ?? values.success.count
    counter("exec_count", "Batches run.", value: batches)
    text.describe("nv_inference_pending_request_count", "gauge", help: "Inference requests that wait.")
    text.sample("nv_inference_pending_request_count", labels, value: queue?.waiting ?? 0)
    counter("request_duration_us", "Time of requests that succeeded.", value: values.success.nanoseconds / 1000)
    let waited = UInt64((queue?.waited.sum ?? 0) * 1e6)
    counter("queue_duration_us", "Time in the queue.", value: waited)
    counter("compute_input_duration_us", "Time of reading requests.", value: values.decoding.nanoseconds / 1000)
    let scoring = values.scoring.nanoseconds / 1000
    counter("compute_infer_duration_us", "Time of the model.", value: scoring - min(scoring, waited))
    counter("compute_output_duration_us", "Time of writing responses.", value: values.encoding.nanoseconds / 1000)
  }

  /// MLServer's metrics, "Default Metrics".
  private func mlserver(_ text: inout PrometheusText) {
    func counter(_ name: String, _ help: String, value: UInt64) {
      text.describe("model_infer_request_\(name)_total", "counter", help: help)
      text.sample("model_infer_request_\(name)_total", labels, value: value)
    }
    counter("success", "Inference requests that succeeded.", value: values.success.count)
    counter("failure", "Inference requests that failed.", value: values.failure.count)
    text.describe("model_infer_request_duration", "summary", help: "Time of requests that succeeded, in seconds.")
    text.sample("model_infer_request_duration_count", labels, value: values.success.count)
    text.sample("model_infer_request_duration_sum", labels, value: Double(values.success.nanoseconds) * 1e-9)
  }
}
