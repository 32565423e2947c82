import OpzHTTPServer
import OpzIO
import OpzOCI

extension Fault {
  /// Faults that corrupt response bodies.
  static let contents: [Fault] = [
    Fault(
      "corrupt-body", "a byte in the middle of the body is changed", stage: .after,
      effect: .change { response, _, _ in
        guard var bytes = response.small, !bytes.isEmpty else { return }
        bytes[bytes.count / 2] ^= 0x20
        response.body = .bytes(bytes)
      }),
    Fault(
      "truncated-json", "half of the body, with a matching Content-Length", stage: .after,
      effect: .change { response, _, _ in
        response.shorten(to: response.body.count / 2)
      }),
    Fault(
      "empty-body", "the body is missing", stage: .after,
      effect: .change { response, _, _ in response.body = .bytes([]) }),
    Fault(
      "short-body", "the body ends before its Content-Length", stage: .after,
      effect: .change { response, _, rule in
        response.fill()
        response.delivery.cut = rule.at ?? response.body.count / 2
      }),
    Fault(
      "long-length", "Content-Length is 1,000 bytes too much, and the connection ends", stage: .after,
      effect: .change { response, _, _ in
        response.fill()
        response.delivery.announced = response.body.count + 1000
        response.delivery.cut = response.body.count
      }),
    Fault(
      "short-length", "Content-Length is too small: the rest follows the response", stage: .after,
      effect: .change { response, _, _ in
        response.fill()
        response.delivery.announced = response.body.count / 2
        response.delivery.closes = true
      }),
    Fault(
      "wrong-type", "Content-Type is text/html", stage: .after,
      effect: .change { response, _, _ in
        response["Content-Type"] = "text/html; charset=utf-8"
      }),
    Fault(
      "html-page", "200 with a login page", stage: .after,
      effect: .response { _, _ in .page(200, "Please log in", server: "captive") }),
    Fault(
      "range-ignored", "the whole blob is sent although a range was requested", stage: .after, kind: .blobGet,
      effect: .change { response, _, _ in
        guard case .file(let path, let from, let count) = response.body, response.status == 206 else { return }
        let total =
          response["Content-Range"].flatMap { $0.split(separator: "/").last }.flatMap { UInt64($0) } ?? from + count
        response.status = 200
        response["Content-Range"] = nil
        response.body = .file(path, from: 0, count: total)
      }),
    Fault(
      "range-lie", "206 whose Content-Range does not match the body", stage: .after, kind: .blobGet,
      effect: .change { response, _, _ in
        response.status = 206
        response["Content-Range"] = "bytes 7-\(7 + response.body.count)/\(response.body.count + 100)"
      }),
  ]
}

extension Response {
  /// The body in memory if it has at most 64 MiB; otherwise nil.
  var small: [UInt8]? {
    switch body {
    case .bytes(let bytes): bytes
    case .file(let path, let from, let count):
      count > 64 << 20
        ? nil : BlobSlice(FileBlob(path, size: from &+ count), from: from, size: count).flatMap { try? $0.bytes() }
    }
  }

  mutating func shorten(to count: UInt64) {
    switch body {
    case .bytes(let bytes): body = .bytes(Array(bytes.prefix(Int(clamping: count))))
    case .file(let path, let from, let all): body = .file(path, from: from, count: min(all, count))
    }
  }
}
