import CCurl
package import OpzIO

/// What a single unauthenticated request reveals about the connection to a server.
package struct ConnectionFacts: Sendable {
  /// A certificate of the chain that the server presented.
  package struct Certificate: Sendable, Hashable {
    package let subject: String
    package let issuer: String
    /// The end of its validity.
    package let expires: Timestamp?
  }

  package let head: HTTPHead
  /// `1.0`, `1.1`, `2` or `3`.
  package let httpVersion: String
  /// The server's own certificate comes first.
  package let certificates: [Certificate]
  /// The proxy that was used, without user name and password.
  package let proxy: String?
  /// Seconds to the first byte of the response.
  package let seconds: Double
  /// When the request was sent.
  package let at: Timestamp

  /// Sends one GET on a new connection. Blocks. libcurl must be initialized.
  /// - Throws: `HTTPError` where there is no response.
  package static func get(_ address: WebAddress, _ settings: HTTPSettings) throws -> ConnectionFacts {
    let transfer = CurlTransfer(HTTPRequest(method: .get, address: address), onEnd: { _ in })
    guard let handle = try CurlHandle(transfer, settings) else {
      throw HTTPError(.connection, "libcurl", reason: "it took no further request")
    }
    _ = opz_curl_set_long(handle.pointer, CURLOPT_CERTINFO, 1)
    let begin = Timestamp.now()
    let code = curl_easy_perform(handle.pointer)
    guard code == CURLE_OK || transfer.collector.isComplete else { throw handle.failure(code) }
    return ConnectionFacts(
      head: transfer.collector.head, httpVersion: version(handle), certificates: certificates(handle),
      proxy: proxy(handle, address.origin, settings: settings),
      seconds: seconds(handle, CURLINFO_STARTTRANSFER_TIME), at: begin)
  }

  private static func number(_ handle: CurlHandle, _ info: CURLINFO) -> Int {
    var value = 0
    return opz_curl_get_long(handle.pointer, info, &value) == CURLE_OK ? value : 0
  }

  private static func seconds(_ handle: CurlHandle, _ info: CURLINFO) -> Double {
    var value = 0.0
    return opz_curl_get_seconds(handle.pointer, info, &value) == CURLE_OK ? value : 0
  }

  private static func version(_ handle: CurlHandle) -> String {
    switch number(handle, CURLINFO_HTTP_VERSION) {
    case Int(CURL_HTTP_VERSION_1_0): "1.0"
    case Int(CURL_HTTP_VERSION_2_0): "2"
    case Int(CURL_HTTP_VERSION_3): "3"
    default: "1.1"
    }
  }

  private static func proxy(_ handle: CurlHandle, _ origin: Origin, settings: HTTPSettings) -> String? {
    let named = settings.proxy(for: origin)
    guard !named.isEmpty else { return nil }
    // With a proxy, https uses a CONNECT tunnel, and plain http connects to another port than the origin's.
    let isUsed =
      origin.scheme == .https
      ? number(handle, CURLINFO_HTTP_CONNECTCODE) != 0
      : settings.noProxy.isEmpty || number(handle, CURLINFO_PRIMARY_PORT) != Int(origin.port)
    return isUsed ? shown(proxy: named) : nil
  }

  /// A proxy's address without the user name and password that it may contain.
  static func shown(proxy: String) -> String {
    let rest = proxy.firstRange(of: "://").map { proxy[$0.upperBound...] } ?? proxy[...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    return PrintableText.brief(
      authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
  }

  private static func certificates(_ handle: CurlHandle) -> [Certificate] {
    var chain: UnsafeMutablePointer<curl_certinfo>?
    guard opz_curl_get_certificates(handle.pointer, &chain) == CURLE_OK, let chain, let all = chain.pointee.certinfo
    else { return [] }
    return (0..<max(0, min(16, Int(chain.pointee.num_of_certs)))).map { index in
      var fields: [String: String] = [:]
      var item = all[index]
      while let line = item {
        let text = String(cString: line.pointee.data)
        if let colon = text.firstIndex(of: ":"), text.utf8.count < 4096 {
          fields[String(text[..<colon])] = String(text[text.index(after: colon)...])
        }
        item = line.pointee.next
      }
      return Certificate(
        subject: PrintableText.brief(fields["Subject"] ?? ""), issuer: PrintableText.brief(fields["Issuer"] ?? ""),
        expires: fields["Expire date"].flatMap { date($0) })
    }
  }

  /// Parses OpenSSL's date format, `Nov 26 22:33:20 2027 GMT`.
  static func date(_ text: String) -> Timestamp? {
    let fields = text.split(separator: " ")
    guard fields.count == 5, fields[4] == "GMT" else { return nil }
    return HTTPDate.parse("Day, \(fields[1]) \(fields[0]) \(fields[3]) \(fields[2]) GMT")
  }
}
