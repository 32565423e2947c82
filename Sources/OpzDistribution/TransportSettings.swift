/// What all connections of a process share: who we are, the proxy, the certificates.
struct TransportSettings: Sendable {
  let userAgent: String
  private let environment: [String: String]
  /// What `certs.d` has for an origin.
  let certificateStore: CertificateStore

  init(userAgent: String, environment: [String: String]) {
    self.userAgent = String(userAgent.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7f })
    self.environment = environment
    certificateStore = CertificateStore(environment: environment)
  }

  /// The proxy for an origin, as curl reads the environment; empty for none. A request to this machine takes none.
  func proxy(for origin: Origin) -> String {
    if origin.isLoopback { return "" }
    // HTTP_PROXY in capitals can be set by a CGI client's header, so curl and we leave it alone.
    let names = origin.scheme == .https ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
    return value(names + ["all_proxy", "ALL_PROXY"]) ?? ""
  }

  /// Hosts that are reached without the proxy.
  var noProxy: String { value(["no_proxy", "NO_PROXY"]) ?? "" }

  /// A file of certificates to trust in place of the system's.
  var certificates: String? { value(["SSL_CERT_FILE", "CURL_CA_BUNDLE"]) }

  private func value(_ names: [String]) -> String? {
    names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty && !$0.contains("\0") }
  }
}
