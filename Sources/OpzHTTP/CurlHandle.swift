import CCurl
import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A libcurl easy handle that is set up for one transfer. Used on the loop's thread only.
final class CurlHandle {
  let pointer: UnsafeMutableRawPointer
  let transfer: CurlTransfer
  private var headers: UnsafeMutablePointer<curl_slist>?
  private let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  /// Sets up the handle; nil where libcurl has none left.
  /// - Throws: `HTTPError` or `IOFailure` for certificates that cannot be read.
  init?(_ transfer: CurlTransfer, _ settings: HTTPSettings) throws {
    let certificates = try settings.certificateStore.directory(for: transfer.request.address.origin)
    guard let pointer = curl_easy_init() else { return nil }
    self.pointer = pointer
    self.transfer = transfer
    message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    setLimits()
    setVersion()
    setPlace(settings)
    setCertificates(certificates, settings)
    setMethod()
    setHeaders()
    setCallbacks()
    transfer.handle = pointer
  }

  deinit {
    transfer.handle = nil
    curl_easy_cleanup(pointer)
    curl_slist_free_all(headers)
    message.deallocate()
  }

  /// Bytes per second. A peer that stays slower for `idle` seconds has failed; otherwise a trickle could keep a
  /// transfer open indefinitely.
  private static let slowest = 1000

  /// libcurl's message for the last failure.
  var detail: String { String(cString: message) }

  /// The error for a result code of libcurl's.
  func failure(_ code: CURLcode) -> HTTPError {
    let detail = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    let (kind, hint) = CurlHandle.explain(code)
    let first = detail.prefix(1).lowercased() + detail.dropFirst()
    return HTTPError(kind, transfer.request.address.shown, reason: PrintableText.brief(first), hint: hint)
  }

  private static func explain(_ code: CURLcode) -> (HTTPErrorCode, String?) {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: (.timeout, "the server or a proxy does not answer; try again")
    case CURLE_COULDNT_RESOLVE_HOST: (.connection, "check the server's name and the network")
    case CURLE_COULDNT_RESOLVE_PROXY: (.connection, "check https_proxy in the environment")
    case CURLE_COULDNT_CONNECT: (.connection, "check the server's name and port, and the network")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      (.tls, "name the certificate authority's file with SSL_CERT_FILE")
    case CURLE_SSL_CERTPROBLEM:
      (.tls, "check the client's certificate and key in certs.d")
    case CURLE_SSL_CONNECT_ERROR:
      (.tls, "the server may speak plain HTTP; --insecure allows that where the network is trusted")
    default: (.connection, nil)
    }
  }

  private func set(_ option: CURLoption, _ value: Int) { _ = opz_curl_set_long(pointer, option, value) }
  private func set(_ option: CURLoption, _ text: String) { _ = opz_curl_set_text(pointer, option, text) }

  private func setLimits() {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_NETRC, 0)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_CONNECTTIMEOUT, max(1, transfer.request.idle / 2))
    set(CURLOPT_LOW_SPEED_LIMIT, CurlHandle.slowest)
    set(CURLOPT_LOW_SPEED_TIME, transfer.request.idle)
    if transfer.request.isFresh { set(CURLOPT_FRESH_CONNECT, 1) }
    set(CURLOPT_TIMEOUT, transfer.request.timeout)
    set(CURLOPT_BUFFERSIZE, 512 << 10)
    set(CURLOPT_UPLOAD_BUFFERSIZE, 2 << 20)
  }

  /// Small requests to a server with HTTP/2 share one connection, for which they wait, so that none opens another. Large
  /// bodies have connections of their own: HTTP/2 servers let a connection have about 1 MiB on its way, which far from
  /// them is little in a second.
  private func setVersion() {
    let request = transfer.request
    let isShared = request.address.origin.scheme == .https && !request.isBulk
    set(CURLOPT_HTTP_VERSION, Int(isShared ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
    if isShared, !request.isFresh { set(CURLOPT_PIPEWAIT, 1) }
  }

  private func setPlace(_ settings: HTTPSettings) {
    let origin = transfer.request.address.origin
    set(CURLOPT_URL, transfer.request.address.description)
    set(CURLOPT_USERAGENT, settings.userAgent)
    set(CURLOPT_PROXY, settings.proxy(for: origin))
    set(CURLOPT_NOPROXY, settings.noProxy)
  }

  private func setCertificates(_ found: CertificateDirectory, _ settings: HTTPSettings) {
    if let file = settings.certificates { set(CURLOPT_CAINFO, file) }
    if found.skipsVerification {
      set(CURLOPT_SSL_VERIFYPEER, 0)
      set(CURLOPT_SSL_VERIFYHOST, 0)
    }
    if !found.authorities.isEmpty {
      var all = found.authorities
      if let file = settings.certificates, let named = try? SmallFile.read(FilePath(file), limit: 16 << 20) {
        all += named
      }
      all.withUnsafeMutableBytes { bytes in
        // libcurl copies the data.
        var blob = curl_blob(data: bytes.baseAddress, len: bytes.count, flags: UInt32(CURL_BLOB_COPY))
        _ = withUnsafeMutablePointer(to: &blob) { opz_curl_set_pointer(pointer, CURLOPT_CAINFO_BLOB, $0) }
      }
    }
    if let certificate = found.certificate, let key = found.key {
      set(CURLOPT_SSLCERT, certificate.string)
      set(CURLOPT_SSLKEY, key.string)
    }
  }

  private func setMethod() {
    let request = transfer.request
    switch request.method {
    case .get: set(CURLOPT_HTTPGET, 1)
    case .head: set(CURLOPT_NOBODY, 1)
    case .post, .put, .patch:
      set(CURLOPT_UPLOAD, 1)
      set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
      _ = opz_curl_set_size(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(clamping: request.body.size))
    case .delete: set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }
  }

  private func setHeaders() {
    var lines = transfer.request.headers.map { "\($0.name): \($0.value)" }
    // libcurl asks before it sends any body whether it will be taken, which costs a round trip. For a small one that is
    // more than to send it for nothing. For a chunk, the caller decides.
    if !transfer.request.isBulk, transfer.request.method != .patch { lines.append("Expect:") }
    if let authorization = transfer.request.authorization { lines.append("Authorization: \(authorization)") }
    // A value with control characters could start another header, so such a line is left out.
    for line in lines where line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) {
      headers = curl_slist_append(headers, line)
    }
    _ = opz_curl_set_headers(pointer, headers)
  }

  private func setCallbacks() {
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    _ = opz_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, message)
    for option in [CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_HEADERDATA, CURLOPT_SEEKDATA] {
      _ = opz_curl_set_pointer(pointer, option, context)
    }
    _ = opz_curl_set_data(pointer, CURLOPT_HEADERFUNCTION) { data, size, count, context in
      guard let transfer = CurlTransfer.from(context) else { return 0 }
      return transfer.receiveHeader(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
    }
    _ = opz_curl_set_data(pointer, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let transfer = CurlTransfer.from(context) else { return 0 }
      switch transfer.receiveBody(UnsafeRawBufferPointer(start: data, count: size * count)) {
      case .accepted: return size * count
      case .later: return Int(CURL_WRITEFUNC_PAUSE)
      case .abort: return 0
      }
    }
    _ = opz_curl_set_data(pointer, CURLOPT_READFUNCTION) { data, size, count, context in
      guard let transfer = CurlTransfer.from(context) else { return Int(CURL_READFUNC_ABORT) }
      let buffer = UnsafeMutableRawBufferPointer(start: data, count: size * count)
      switch transfer.fill(buffer) {
      case .bytes(let count): return count
      case .later: return Int(CURL_READFUNC_PAUSE)
      case .abort: return Int(CURL_READFUNC_ABORT)
      }
    }
    // Child processes, such as credential helpers, do not inherit the sockets.
    _ = opz_curl_set_pointer(pointer, CURLOPT_SOCKOPTDATA, context)
    _ = opz_curl_set_socket_options(pointer) { context, socket, _ in
      _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
      return CurlTransfer.from(context)?.connect() ?? false ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR
    }
    _ = opz_curl_set_seek(pointer) { context, offset, origin in
      guard origin == SEEK_SET, let offset = UInt64(exactly: offset), let transfer = CurlTransfer.from(context) else {
        return CURL_SEEKFUNC_FAIL
      }
      return transfer.rewind(to: offset) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
    }
  }
}

extension CurlTransfer {
  fileprivate static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
  }
}
