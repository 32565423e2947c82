/// Settings that all connections of a process share: user agent, proxy and certificates.
struct TransportSettings: Sendable {
  let userAgent: String
  private let environment: [String: String]
  /// The `certs.d` certificates for each origin.
  let certificateStore: CertificateStore

  init(userAgent: String, environment: [String: String]) {
    self.userAgent = String(userAgent.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7f })
    self.environment = environment
    certificateStore = CertificateStore(environment: environment)
  }

  /// The proxy for an origin, from the environment variables that curl uses; empty for none. Loopback never uses a
  /// proxy.
  func proxy(for origin: Origin) -> String {
    if origin.isLoopback { return "" }
    // A CGI client can set HTTP_PROXY through a header, so it is ignored, as curl does.
    let names = origin.scheme == .https ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
    return value(names + ["all_proxy", "ALL_PROXY"]) ?? ""
  }

  /// The hosts that are reached without the proxy.
  var noProxy: String { value(["no_proxy", "NO_PROXY"]) ?? "" }

  /// A file of certificates to trust instead of the system's.
  var certificates: String? { value(["SSL_CERT_FILE", "CURL_CA_BUNDLE"]) }

  private func value(_ names: [String]) -> String? {
    names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty && !$0.contains("\0") }
  }
}
