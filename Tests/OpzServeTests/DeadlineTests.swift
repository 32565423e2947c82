import OpzHTTPServer
import Testing

@testable import OpzServe

@Suite("Deadlines in headers")
struct DeadlineTests {
  @Test(
    "The earliest counts",
    arguments: [
      ([("grpc-timeout", "2S")], 2000), ([("x-envoy-expected-rq-timeout-ms", "150")], 150),
      ([("grpc-timeout", "2S"), ("x-envoy-expected-rq-timeout-ms", "150")], 150),
      ([("grpc-timeout", "100m"), ("x-envoy-expected-rq-timeout-ms", "150")], 100),
      ([("grpc-timeout", "3S"), ("grpc-timeout", "1S")], 1000),
      ([("x-envoy-expected-rq-timeout-ms", "0")], nil), ([("x-envoy-expected-rq-timeout-ms", "x")], nil), ([], nil),
    ] as [([(String, String)], Int?)])
  func earliest(fields: [(String, String)], milliseconds: Int?) throws {
    let start = ContinuousClock.now
    let deadline = try RequestDeadline.of(HTTPFields(fields.map { (name: $0.0, value: $0.1) }), start)
    #expect(deadline == milliseconds.map { start + .milliseconds($0) })
  }
}
