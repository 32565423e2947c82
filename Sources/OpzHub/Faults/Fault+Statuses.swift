import OpzHTTPServer
import OpzIO

extension Fault {
  /// Error statuses that registries and the proxies in front of them send.
  static let statuses: [Fault] = [
    refusal("400", 400, code: .unknown), refusal("401-bare", 401, code: .unauthorized),
    refusal("403", 403, code: .denied),
    refusal("404", 404, code: .nameUnknown), refusal("404-upload", 404, code: .blobUploadUnknown),
    refusal("405", 405, code: .unsupported),
    refusal("408", 408, code: .unknown), refusal("416", 416, code: .blobUploadInvalid),
    refusal("429", 429, code: .tooManyRequests),
    refusal("500", 500, code: .unknown), refusal("503", 503, code: .unknown), refusal("504", 504, code: .unknown),
    refusal("507-quota", 507, code: .denied), refusal("599", 599, code: .unknown),
    Fault(
      "401-challenge", "401 with a challenge, although the token is valid", stage: .before,
      effect: .response { request, _ in
        SpecError(
          401, .unauthorized, message: "the token is no longer valid",
          headers: [TokenAuthority.challenge(request, "http://\(request.host)")]
        )
        .response
      }),
    Fault(
      "401-foreign-realm", "401 whose realm is another host (`to`)", stage: .before,
      effect: .response { request, rule in
        SpecError(
          401, .unauthorized, message: "authenticate elsewhere",
          headers: [TokenAuthority.challenge(request, rule.to ?? "http://\(request.otherHost)")]
        ).response
      }),
    Fault(
      "413-html", "413 with a proxy's HTML page", stage: .before,
      effect: .response { _, _ in .page(413, "Request Entity Too Large", server: "nginx") }),
    Fault(
      "502-html", "502 with a proxy's HTML page", stage: .before,
      effect: .response { _, _ in .page(502, "Bad Gateway", server: "nginx") }),
    Fault(
      "429-seconds", "429 with Retry-After in `seconds` (1)", stage: .before,
      effect: .response { _, rule in
        SpecError(429, .tooManyRequests, message: "slow down", headers: [("Retry-After", "\(Int(rule.seconds ?? 1))")])
          .response
      }),
    Fault(
      "429-date", "429 with Retry-After as a date, in `seconds` (2)", stage: .before,
      effect: .response { _, rule in
        let moment = Timestamp(milliseconds: Timestamp.now().milliseconds + Int64((rule.seconds ?? 2) * 1000))
        return SpecError(429, .tooManyRequests, message: "slow down", headers: [("Retry-After", HTTPDate.text(moment))])
          .response
      }),
    Fault(
      "429-days", "429 with Retry-After in a week", stage: .before,
      effect: .response { _, _ in
        SpecError(429, .tooManyRequests, message: "come back", headers: [("Retry-After", "604800")]).response
      }),
    Fault(
      "503-nonsense", "503 with a Retry-After that is neither seconds nor a date", stage: .before,
      effect: .response { _, _ in
        SpecError(503, .unknown, message: "busy", headers: [("Retry-After", "soon, 99999999999999999999")]).response
      }),
    Fault(
      "huge-error", "500 with a 64 MiB error body", stage: .before,
      effect: .response { _, _ in
        Response(500, [("Content-Type", "application/json")], body: .bytes([UInt8](repeating: 0x20, count: 64 << 20)))
      }),
    Fault(
      "error-bomb", "400 whose JSON is nested 100,000 lists deep", stage: .before,
      effect: .response { _, _ in
        Response(400, [("Content-Type", "application/json")], body: .bytes([UInt8](repeating: 0x5b, count: 100_000)))
      }),
    Fault(
      "unexpected-204", "204 instead of the right status", stage: .after, effect: .response { _, _ in Response(204) }),
  ]

  private static func refusal(_ name: String, _ status: Int, code: SpecError.Code) -> Fault {
    Fault(
      name, "\(status) with the code \(code.rawValue)", stage: .before,
      effect: .response { _, _ in
        SpecError(status, code, message: "injected by the fault plan").response
      })
  }
}

extension Response {
  /// A proxy's HTML error page.
  static func page(_ status: Int, _ title: String, server: String) -> Response {
    let text = """
      <html>\r
      <head><title>\(status) \(title)</title></head>\r
      <body>\r
      <center><h1>\(status) \(title)</h1></center>\r
      <hr><center>\(server)</center>\r
      </body>\r
      </html>\r\n
      """
    return Response(status, [("Server", server), ("Content-Type", "text/html")], body: .bytes(Array(text.utf8)))
  }
}
