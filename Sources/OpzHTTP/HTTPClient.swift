import Synchronization

/// Sends HTTP requests over libcurl, from any task or thread.
package final class HTTPClient: Sendable {
  private let loop: CurlLoop

  /// The most redirects that one request may lead to.
  package static let redirectLimit = 5

  /// Progress of sending a request body, and what became of the connection.
  package enum SendEvent: Sendable {
    /// A number of bytes.
    case sent(Int)
    /// The body is sent again, on another connection or to another address.
    case rewound
    /// The exchange ended with a 2xx response: the connection carries as much as this.
    case carried(ConnectionUse)
    /// The connection broke during the exchange.
    case broke(ConnectionUse)
  }

  /// Starts libcurl's thread.
  /// - Throws: `HTTPError` with the code `connection` where libcurl cannot be loaded or no thread started.
  package init(_ settings: HTTPSettings) throws { loop = try CurlLoop(settings) }

  deinit { loop.stop() }

  /// Runs one exchange. For a streamed request, the head of a 2xx response is returned as soon as it is complete.
  /// - Parameter onSent: called on libcurl's thread as the body is sent.
  /// - Throws: `HTTPError`; `CancellationError` where the task was canceled.
  package func send(
    _ request: HTTPRequest, onSent: @escaping @Sendable (SendEvent) -> Void = { _ in }
  ) async throws -> HTTPResponse {
    let cell = TransferCell()
    let pipe = request.isStreamed ? BodyPipe() : nil
    return try await start { continuation in
      let transfer = CurlTransfer(
        request, pipe: pipe,
        onHead: { [self] head in
          guard let pipe, let transfer = cell.take() else { return }
          let reader = BodyReader(self, transfer, pipe: pipe)
          continuation.resume(with: .success(HTTPResponse(head: head, reader: reader)))
        }, onSent: onSent,
        onEnd: { result in
          _ = cell.take()
          continuation.resume(with: result)
        })
      cell.put(transfer)
      return transfer
    }
  }

  fileprivate func resume(_ transfer: CurlTransfer) { loop.resume(transfer) }
  fileprivate func cancel(_ transfer: CurlTransfer) { loop.cancel(transfer) }

  /// Starts the transfer that `make` builds, and cancels it with the task.
  private func start<Value: Sendable>(
    _ make: @escaping @Sendable (OneShot<Value>) -> CurlTransfer
  ) async throws -> Value {
    try Task.checkCancellation()
    let started = TransferCell()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let transfer = make(OneShot(continuation))
        loop.add(transfer)
        if !started.put(transfer) { loop.cancel(transfer) }
      }
    } onCancel: {
      if let transfer = started.close() { loop.cancel(transfer) }
    }
  }
}

/// Settings that all connections of a process share: user agent, proxy and certificates.
package struct HTTPSettings: Sendable {
  let userAgent: String
  private let environment: [String: String]
  /// The `certs.d` certificates for each origin.
  let certificateStore: CertificateStore

  /// Settings of a process.
  /// - Parameters:
  ///   - environment: its variables name proxies and certificate files.
  ///   - addition: certificates for one origin, beside those that `certs.d` has for it.
  package init(
    userAgent: String, environment: [String: String], adding addition: (Origin, CertificateDirectory)? = nil
  ) {
    self.userAgent = String(userAgent.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7f })
    self.environment = environment
    certificateStore = CertificateStore(environment: environment, adding: addition)
  }

  /// Whether a `certs.d` directory has certificates for an origin. Reads some small files.
  package func hasCertificates(for origin: Origin) -> Bool {
    guard let found = try? certificateStore.directory(for: origin) else { return true }
    return found != CertificateDirectory()
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

  /// A file of certificates to trust instead of the one that libcurl knows.
  var certificates: String? { TrustedCertificates.override(environment) }

  private func value(_ names: [String]) -> String? {
    names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty && !$0.contains("\0") }
  }
}

/// The body of a response, read by one thread. Releasing it cancels the transfer.
package final class BodyReader: Sendable {
  private let transport: HTTPClient
  private let transfer: CurlTransfer
  private let pipe: BodyPipe

  fileprivate init(_ transport: HTTPClient, _ transfer: CurlTransfer, pipe: BodyPipe) {
    self.transport = transport
    self.transfer = transfer
    self.pipe = pipe
  }

  deinit { transport.cancel(transfer) }

  /// Waits for bytes; returns 0 at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try pipe.read(into: buffer) { transport.resume(transfer) }
  }
}

/// A continuation that resumes with the first result and ignores later ones.
private final class OneShot<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

  init(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

  func resume(with result: Result<Value, any Error>) {
    let first = continuation.withLock { held in
      defer { held = nil }
      return held
    }
    first?.resume(with: result)
  }
}

/// A slot for a transfer that two threads share. Once closed, it accepts none.
private final class TransferCell: Sendable {
  private let state = Mutex<(transfer: CurlTransfer?, isClosed: Bool)>((nil, false))

  @discardableResult
  func put(_ transfer: CurlTransfer) -> Bool {
    state.withLock {
      if !$0.isClosed { $0.transfer = transfer }
      return !$0.isClosed
    }
  }

  func take() -> CurlTransfer? {
    state.withLock { held in
      defer { held.transfer = nil }
      return held.transfer
    }
  }

  func close() -> CurlTransfer? {
    state.withLock { $0.isClosed = true }
    return take()
  }
}
