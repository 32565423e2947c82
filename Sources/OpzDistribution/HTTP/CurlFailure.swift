import CCurl

/// Maps libcurl's error codes to `DistributionError`.
enum CurlFailure {
  static func error(_ code: CURLcode, _ handle: CurlHandle) -> DistributionError {
    let detail = handle.detail.isEmpty ? String(cString: curl_easy_strerror(code)) : handle.detail
    let place = handle.transfer.request.address.shown
    let (kind, hint) = explain(code)
    let first = detail.prefix(1).lowercased() + detail.dropFirst()
    return DistributionError(kind, place, DistributionError.clean(first), hint: hint)
  }

  private static func explain(_ code: CURLcode) -> (DistributionError.Code, String?) {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: (.timeout, "the registry or a proxy does not answer; try again")
    case CURLE_COULDNT_RESOLVE_HOST: (.connection, "check the registry's name and the network")
    case CURLE_COULDNT_RESOLVE_PROXY: (.connection, "check https_proxy in the environment")
    case CURLE_COULDNT_CONNECT: (.connection, "check the registry's name and port, and the network")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      (.tls, "name the certificate authority's file with SSL_CERT_FILE")
    case CURLE_SSL_CERTPROBLEM:
      (.tls, "check the client's certificate and key in certs.d")
    case CURLE_SSL_CONNECT_ERROR:
      (.tls, "the registry may speak plain HTTP; --insecure allows that where the network is trusted")
    default: (.connection, nil)
    }
  }
}
