import OpzHTTPServer

extension Fault {
  /// Faults that redirect to wrong or unreachable locations.
  static let redirects: [Fault] = [
    redirect("redirect-loop", "307 to the same address") { request, _ in request.target },
    redirect("redirect-elsewhere", "307 to another host (`to`)") { request, rule in
      (rule.to ?? "http://\(request.otherHost)") + request.target
    },
    redirect("redirect-private", "307 to a link-local address, where clouds keep credentials") { _, _ in
      "http://169.254.169.254/latest/meta-data/"
    },
    redirect("redirect-file", "307 to a file: address") { _, _ in "file:///etc/passwd" },
    redirect("redirect-nonsense", "307 to an invalid address") { _, _ in "http://[::bad]:99999/%zz\u{7f}" },
    Fault("redirect-bare", "307 without a Location", stage: .before, effect: .response { _, _ in Response(307) }),
  ]

  private static func redirect(
    _ name: String, _ summary: String, location: @escaping @Sendable (HubRequest, FaultRule) -> String
  ) -> Fault {
    Fault(
      name, summary, stage: .before,
      effect: .response { request, rule in Response(307, [("Location", location(request, rule))]) })
  }
}

extension HubRequest {
  /// This hub under another host name, for clients that compare hosts.
  var otherHost: String {
    host.hasPrefix("127.0.0.1")
      ? "localhost" + host.dropFirst(9) : "127.0.0.1" + (host.firstIndex(of: ":").map { host[$0...] } ?? "")
  }
}
