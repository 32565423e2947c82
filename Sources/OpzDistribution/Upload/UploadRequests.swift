import OpzHTTP
import OpzIO
import OpzOCI
import Synchronization

/// The requests of a blob upload, as HTTP.
extension BlobUpload {
  private var scopes: [Scope] { [.push(client.reference.repository)] }

  /// Sends a request.
  /// - Returns: what became of it.
  /// - Throws: `CancellationError`, and errors of the blob's source.
  func send(_ request: UploadRequest) async throws -> UploadEvent {
    let connection = Mutex<ConnectionUse?>(nil)
    do {
      if case .exists = request.kind { return .response(try await exists()) }
      return .response(
        try await exchange(request) { [progress, profiles = client.profiles] event in
          progress.take(event)
          switch event {
          case .carried(let use): profiles.carried(use, .upload)
          case .broke(let use): connection.withLock { $0 = use }
          case .sent, .rewound: break
          }
        })
    } catch let error as DistributionError {
      let isBody = if case .chunk = request.kind { true } else if case .whole = request.kind { true } else { false }
      return .failure(
        UploadFailure(error: error, sent: isBody ? progress.sent : 0, use: connection.withLock { $0 }))
    }
  }

  private func exists() async throws -> UploadResponse {
    let isStored = try await client.has(descriptor, scopes)
    return UploadResponse(
      http: HTTPResponse(head: HTTPHead(status: isStored ? 200 : 404)),
      refusal: DistributionError(.notFound, subject, reason: "the registry does not have the blob", status: 404))
  }

  private func exchange(
    _ request: UploadRequest, _ onSent: @escaping @Sendable (HTTPClient.SendEvent) -> Void
  ) async throws -> UploadResponse {
    let message = try message(request)
    let clock = ContinuousClock()
    let start = clock.now
    let response = try await client.attempt(message, scopes: scopes(request), subject: subject, onSent: onSent)
    let seconds = (clock.now - start).seconds
    return UploadResponse(
      http: response, location: try location(response, request, message: message),
      refusal: client.failure(response, subject),
      seconds: seconds)
  }

  private func scopes(_ request: UploadRequest) -> [Scope] {
    if case .mount(let repository) = request.kind { scopes + [.pull(repository)] } else { scopes }
  }

  /// The `Location` of the next request, where the response needs one or has one.
  private func location(
    _ response: HTTPResponse, _ request: UploadRequest, message: HTTPRequest
  ) throws -> WebAddress? {
    switch request.kind {
    case .mount, .open: return response.status == 202 ? try client.location(of: response, to: message) : nil
    case .status, .chunk:
      guard response.head.isSuccess, response["location"] != nil else { return nil }
      return try client.location(of: response, to: message)
    case .whole, .close:
      if [201, 204].contains(response.status) { try client.checkDigest(of: response, descriptor.digest, subject) }
      return nil
    case .exists: return nil
    }
  }

  private func message(_ request: UploadRequest) throws -> HTTPRequest {
    let digest = descriptor.digest.description
    var message: HTTPRequest
    switch request.kind {
    case .status(let session): message = HTTPRequest(method: .get, address: session.location)
    case .mount(let repository):
      let query = "mount=\(WebAddress.encode(digest))&from=\(WebAddress.encode(repository))"
      message = HTTPRequest(method: .post, address: client.address("blobs/uploads/", query: query))
    case .open: message = HTTPRequest(method: .post, address: client.address("blobs/uploads/"))
    case .chunk(let session, let size): message = try chunk(session, size)
    case .whole(let session):
      message = HTTPRequest(method: .put, address: session.location.adding("digest", digest), timeout: 0)
      message.headers = [("Content-Type", "application/octet-stream")]
      message.body = .blob(blob)
      message.readsAhead = readsAhead
    case .close(let session):
      message = HTTPRequest(
        method: .put, address: session.location.adding("digest", digest), timeout: 0, idle: HTTPRequest.commitIdle)
      message.headers = [("Content-Type", "application/octet-stream")]
    case .exists: message = HTTPRequest(method: .head, address: client.address("blobs/\(digest)"))
    }
    if !request.asksFirst { message.headers.append(("Expect", "")) }
    message.isFresh = request.isFresh
    return message
  }

  private func chunk(_ session: UploadSession, _ size: UInt64) throws -> HTTPRequest {
    let begin = session.acknowledged
    guard let part = BlobSlice(blob, from: begin, size: size) else {
      throw DistributionError(.wrongSize, subject, reason: "the content ends before byte \(begin &+ size)")
    }
    var message = HTTPRequest(method: .patch, address: session.location, timeout: 0)
    message.headers = [
      ("Content-Type", "application/octet-stream"), ("Content-Range", "\(begin)-\(begin &+ size &- 1)"),
    ]
    message.body = .blob(part)
    message.readsAhead = readsAhead
    return message
  }

  /// Cancels a session at the remote registry, which would otherwise expire it on its own.
  func cancel(_ session: UploadSession) async {
    let request = HTTPRequest(method: .delete, address: session.location, timeout: 10)
    _ = try? await client.attempt(request, scopes: scopes, subject: subject)
  }
}
