import OpzHTTPServer
import OpzIO

extension Fault {
  /// Faults that make response headers wrong.
  static let headers: [Fault] = [
    Fault(
      "wrong-digest", "Docker-Content-Digest is another digest", stage: .after,
      effect: .change { response, _, _ in
        response["Docker-Content-Digest"] = "\(Digest.of(Array("another".utf8)))"
      }),
    Fault(
      "nonsense-digest", "Docker-Content-Digest is not a digest", stage: .after,
      effect: .change { response, _, _ in
        response["Docker-Content-Digest"] = "sha256:../../../../etc/passwd"
      }),
    Fault(
      "no-digest", "Docker-Content-Digest is missing", stage: .after,
      effect: .change { response, _, _ in response["Docker-Content-Digest"] = nil }
    ),
    Fault(
      "huge-headers", "64 headers with 64 KiB in total", stage: .after,
      effect: .change { response, _, _ in
        for index in 0..<64 { response.headers.append(("X-Fault-\(index)", String(repeating: "x", count: 1024))) }
      }),
    Fault(
      "endless-headers", "16 MiB of headers", stage: .after,
      effect: .change { response, _, _ in
        for index in 0..<256 { response.headers.append(("X-Fault-\(index)", String(repeating: "x", count: 65_536))) }
      }),
    Fault(
      "folded-header", "a header continues on the next line", stage: .after,
      effect: .change { response, _, _ in
        response.headers.append(("X-Fault", "one\r\n two"))
      }),
    Fault(
      "control-header", "a Warning header with control characters", stage: .after,
      effect: .change { response, _, _ in
        response.headers.append(("Warning", "299 - \"\u{1b}[2Jpay \u{7}now\""))
      }),
    Fault(
      "two-lengths", "two different Content-Length headers", stage: .after,
      effect: .change { response, _, _ in
        let count = response.body.count
        response.headers.append(("Content-Length", "\(count)"))
        response.headers.append(("Content-Length", "\(count + 1)"))
        response.delivery.closes = true
      }),
    Fault(
      "clock-skew", "Date is `seconds` (86400) ahead", stage: .after,
      effect: .change { response, _, rule in
        let moment = Timestamp.now().milliseconds + Int64((rule.seconds ?? 86_400) * 1000)
        response["Date"] = HTTPDate.text(Timestamp(milliseconds: moment))
      }),
    Fault(
      "no-subject", "OCI-Subject is missing", stage: .after, kind: .manifestPut,
      effect: .change { response, _, _ in
        response["OCI-Subject"] = nil
      }),
  ]
}
