import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("Metrics")
struct MetricsTests {
  /// A sample of Prometheus' text format: name, labels, value.
  private struct Sample {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  /// Reads the text format strictly: every sample after the HELP and TYPE of its metric, each metric once.
  private func parse(_ text: String) throws -> [Sample] {
    var samples: [Sample] = []
    var types: [String: String] = [:]
    #expect(text.hasSuffix("\n"))
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# HELP ") { continue }
      if line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ")
        #expect(types.updateValue(String(words[3]), forKey: String(words[2])) == nil)
        continue
      }
      let match = try #require(line.wholeMatch(of: /([a-z_]+)(?:\{(.*)\})? (\S+)/), "\(line)")
      var labels: [String: String] = [:]
      for label in (match.2 ?? "").matches(of: /([a-z]+)="((?:[^"\\]|\\.)*)"/) {
        labels[String(label.1)] = String(label.2)
      }
      let name = String(match.1)
      let family = ["_bucket", "_sum", "_count"].first {
        name.hasSuffix($0) && ["histogram", "summary"].contains(types[String(name.dropLast($0.count))])
      }
      #expect(types[family.map { String(name.dropLast($0.count)) } ?? name] != nil, "no TYPE before \(name)")
      samples.append(
        Sample(name: name, labels: labels, value: try #require(Double(match.3.replacing("+Inf", with: "inf")))))
    }
    return samples
  }

  @Test("The counters match the requests")
  func counts() async throws {
    let server = InferenceServer.sample()
    server.lifecycle.becomeReady()
    let infer = "/v2/models/team/score/infer"
    let body = #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,0,1,2,0]}]}"#
    for _ in 0..<5 { _ = await server.ask("POST", infer, body: body) }
    _ = await server.ask("POST", infer, body: "{")
    _ = await server.ask("GET", "/nope")
    _ = await server.ask("GET", "/v2/health/ready")
    let samples = try parse(await server.ask("GET", "/metrics").text)
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
      samples.first { $0.name == name && $0.labels == labels }?.value
    }
    #expect(value("opz_requests_total", ["endpoint": "infer", "code": "200"]) == 5)
    #expect(value("opz_requests_total", ["endpoint": "infer", "code": "400"]) == 1)
    #expect(value("opz_requests_total", ["endpoint": "other", "code": "404"]) == 1)
    #expect(value("opz_requests_total", ["endpoint": "health", "code": "200"]) == 1)
    #expect(value("opz_rows_total") == 10)
    #expect(value("opz_inference_errors_total") == 1)
    #expect(value("opz_requests_in_flight") == 0)
    #expect(value("opz_ready") == 1)
    #expect(value("opz_inference_duration_seconds_count") == 6)
    #expect(
      value("opz_model_info", ["model": "team/score", "version": "3", "platform": "test_score", "server": "0.0.0"]) == 1
    )
    #expect(try #require(value("process_cpu_seconds_total")) > 0)
    #expect(try #require(value("process_resident_memory_bytes")) > 1e6)
    let buckets = samples.filter { $0.name == "opz_inference_duration_seconds_bucket" }.map(\.value)
    #expect(buckets == buckets.sorted() && buckets.last == 6)
  }

  @Test("The names of Triton and MLServer are exported where they are asked for, with the same numbers")
  func names() async throws {
    let server = InferenceServer(
      ModelRepository([.sample]), limits: ServerLimits(), version: "0", cores: 1, names: Set(MetricNames.allCases),
      log: .none)
    let infer = "/v2/models/team/score/infer"
    let body = #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,0,1,2,0]}]}"#
    for _ in 0..<3 { _ = await server.ask("POST", infer, body: body) }
    _ = await server.ask("POST", infer, body: "{")
    _ = await server.ask("POST", infer, body: body, headers: ["grpc-timeout": "1n"])
    let samples = try parse(await server.ask("GET", "/metrics").text)
    func value(_ name: String, _ reason: String? = nil) -> Double? {
      var labels = ["model": "team/score", "version": "3"]
      labels["reason"] = reason
      return samples.first { $0.name == name && $0.labels == labels }?.value
    }
    #expect(value("nv_inference_request_success") == 3 && value("nv_inference_count") == 6)
    #expect(value("nv_inference_exec_count") == 3 && value("nv_inference_pending_request_count") == 0)
    #expect(value("nv_inference_request_failure", "OTHER") == 1)
    #expect(value("nv_inference_request_failure", "REJECTED") == 1)
    #expect(value("nv_inference_request_failure", "BACKEND") == 0)
    #expect(try #require(value("nv_inference_request_duration_us")) > 0)
    #expect(value("nv_inference_queue_duration_us") == 0)
    #expect(try #require(value("nv_inference_compute_infer_duration_us")) >= 0)
    #expect(value("model_infer_request_success_total") == 3 && value("model_infer_request_failure_total") == 2)
    #expect(value("model_infer_request_duration_count") == 3)
    #expect(try #require(value("model_infer_request_duration_sum")) > 0)
    let plain = await InferenceServer.sample().ask("GET", "/metrics").text
    #expect(!plain.contains("nv_") && !plain.contains("model_infer"))
  }

  @Test("Label values are escaped")
  func escaping() {
    var text = PrometheusText()
    text.sample("m", [("l", "a\"b\\c\nd")], value: 1)
    #expect(text.text == "m{l=\"a\\\"b\\\\c\\nd\"} 1\n")
  }

  @Test("A duration is counted in the first bucket that contains it")
  func histogram() {
    var histogram = Histogram()
    for seconds in [0, 0.0005, 0.00051, 10, 10.1, 1e9] { histogram.record(seconds) }
    #expect(histogram.counts.first == 2 && histogram.counts[1] == 1 && histogram.counts[13] == 1)
    #expect(histogram.counts.last == 2 && histogram.count == 6)
  }
}
