import OpzHTTP
import OpzIO
import OpzOCI

/// The requests of a blob upload.
extension BlobUpload {
  /// The number of repositories from which a mount is tried before the blob is sent.
  static let mountLimit = 3

  /// Tries to mount the blob. A failure is not an error, because the blob can still be sent.
  /// - Returns: true where the blob was mounted. A remote registry that declines may have opened a session, which is
  ///   kept in `session`.
  func mount(from candidates: [String]) async throws -> Bool {
    if client.profiles.current.mounts == false { return false }
    for candidate in candidates.prefix(BlobUpload.mountLimit) where Reference.isRepository(candidate) {
      let query = "mount=\(WebAddress.encode(descriptor.digest.description))&from=\(WebAddress.encode(candidate))"
      let request = HTTPRequest(method: .post, address: client.address("blobs/uploads/", query: query))
      do {
        let response = try await client.attempt(request, scopes: scopes + [.pull(candidate)], subject: subject)
        switch response.status {
        case 201:
          client.profiles.learn { $0.mounts = true }
          return true
        // A declined mount opens an upload session instead. Sessions that are not used expire on their own.
        case 202: session = try opened(response, request)
        // A 404 may concern only the other repository, so it is not recorded.
        case let status where client.quirks.refusesMounts(status):
          client.profiles.learn { if $0.mounts == nil { $0.mounts = false } }
        default: continue
        }
      } catch is DistributionError {
        continue
      }
    }
    return false
  }

  /// Returns the open session, or opens one.
  func opening() async throws -> UploadSession {
    if let session { return session }
    sessionWasLost = false
    let request = HTTPRequest(
      method: .post, address: client.address("blobs/uploads/"), isFresh: needsFreshConnection)
    let response = try await client.attempt(request, scopes: scopes, subject: subject)
    needsFreshConnection = false
    guard response.status == 202 else { throw client.failure(response, subject) }
    return try opened(response, request)
  }

  private func opened(_ response: HTTPResponse, _ request: HTTPRequest) throws -> UploadSession {
    var session = UploadSession(try client.location(of: response, to: request), client.quirks)
    session.chunkMinimum = response["oci-chunk-min-length"].flatMap { UInt64($0) } ?? 0
    if session.chunkMinimum > 0, session.chunkMinimum <= RemoteRegistryProfile.largestMinimum {
      let minimum = session.chunkMinimum
      client.profiles.learn { $0.chunkMinimum = minimum }
    }
    return session
  }

  /// Fetches the status of a session whose progress is uncertain. A session that the remote registry no longer knows
  /// is dropped.
  func refresh() async throws {
    guard needsStatus, var current = session else { return }
    let wasSent = progress.sent > current.acknowledged
    var known = current.acknowledged
    for _ in 0..<BlobUpload.settlingLimit {
      guard try await requestStatus(&current) else {
        if wasSent { client.profiles.learn { $0.survivesCuts = false } }
        retryBudget.loseProgress(known)
        sessionWasLost = true
        await drop(keepsOpen: true)
        return progress.correct(to: 0)
      }
      if current.acknowledged == known { break }
      // Data that was in flight when a connection broke may still arrive from a proxy's buffer, so the offset has to
      // stop growing first.
      known = current.acknowledged
      try await Task.sleep(for: .milliseconds(Int64(client.retrier.policy.base * 1000)))
    }
    if wasSent { client.profiles.learn { $0.survivesCuts = true } }
    needsStatus = false
    try await acknowledged(current)
  }

  /// How often the status of a growing session is fetched.
  private static let settlingLimit = 20

  /// Fetches the session's status once.
  /// - Returns: false where the remote registry does not know the session.
  private func requestStatus(_ current: inout UploadSession) async throws -> Bool {
    let request = HTTPRequest(method: .get, address: current.location, isFresh: needsFreshConnection)
    let response = try await client.attempt(request, scopes: scopes, subject: subject)
    needsFreshConnection = false
    if [401, 403].contains(response.status) { throw client.failure(response, subject) }
    guard response.head.isSuccess, current.adopt(response, size: descriptor.size) else { return false }
    if response["location"] != nil { current.location = try client.location(of: response, to: request) }
    return true
  }

  /// Sends the blob as a monolithic upload: one POST and one PUT.
  /// - Returns: the refusal, or nil on success.
  func sendMonolithic() async throws -> DistributionError? {
    let place = try await opening()
    // A session accepts one body only.
    session = nil
    progress.correct(to: 0)
    let body = HTTPRequest.Body.blob(blob)
    let request = HTTPRequest(
      method: .put, address: place.location.adding("digest", descriptor.digest.description),
      headers: [("Content-Type", "application/octet-stream")], body: body, timeout: 0, readsAhead: readsAhead,
      isFresh: needsFreshConnection)
    return try await complete(request)
  }

  /// Sends the blob as a chunked upload: PATCH requests up to the last byte, then an empty PUT.
  /// - Returns: the refusal, or nil on success.
  func sendChunked() async throws -> DistributionError? {
    var current = try await opening()
    if session == nil { try await acknowledged(current) }
    var questions = 0
    while current.acknowledged < descriptor.size {
      let profile = client.profiles.current
      let minimum = max(current.chunkMinimum, profile.chunkMinimum ?? 0)
      let wanted = pacer.next(
        minimum: minimum, maximum: [profile.requestMaximum, requestLimit].compactMap { $0 }.min())
      let count = min(wanted, descriptor.size - current.acknowledged)
      let response = try await patch(current, count)
      switch response.status {
      case let status where client.quirks.acceptsChunk(status):
        if response["location"] != nil { current.location = try client.location(of: response, to: request(current)) }
        current.accept(response, sent: count)
        try await acknowledged(current)
        questions = 0
      case 413 where count > RemoteRegistryProfile.smallestRequest:
        shrink(count)
        guard try await fetchStatus(&current) else { return try await sendChunked() }
      // A 416, or libcurl's own retry after a lost response: the session may have advanced.
      case 416 where questions < 3, 400..<500 where questions < 3 && progress.wasRewound:
        questions += 1
        try await Task.sleep(for: .milliseconds(Int64(client.retrier.policy.base * 1000)))
        let before = current.acknowledged
        let refusal = client.failure(response, subject)
        guard try await fetchStatus(&current), current.acknowledged != before else { return refusal }
      default:
        return client.failure(response, subject)
      }
    }
    return try await close(current)
  }

  // Fetches the status; returns false where the session is gone.
  private func fetchStatus(_ current: inout UploadSession) async throws -> Bool {
    needsStatus = true
    try await refresh()
    guard let session else { return false }
    current = session
    return true
  }

  private func request(_ session: UploadSession) -> HTTPRequest {
    HTTPRequest(method: .patch, address: session.location)
  }

  private func patch(_ session: UploadSession, _ count: UInt64) async throws -> HTTPResponse {
    let begin = session.acknowledged
    guard let part = BlobSlice(blob, from: begin, size: count) else {
      throw DistributionError(.wrongSize, subject, "the content ends before byte \(begin &+ count)")
    }
    var request = request(session)
    request.headers = [
      ("Content-Type", "application/octet-stream"), ("Content-Range", "\(begin)-\(begin &+ count &- 1)"),
    ]
    // The first chunk keeps `Expect: 100-continue`, so that a refusal costs no data; later chunks save the round
    // trip.
    if begin > 0, !needsFreshConnection { request.headers.append(("Expect", "")) }
    request.body = .blob(part)
    request.timeout = 0
    request.readsAhead = readsAhead
    request.isFresh = needsFreshConnection
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let response = try await client.attempt(request, scopes: scopes, subject: subject, onSent: progress.take)
      needsFreshConnection = false
      pacer.sent(count, in: (clock.now - start).seconds)
      return response
    } catch {
      pacer.cut(count)
      throw error
    }
  }

  private func close(_ session: UploadSession) async throws -> DistributionError? {
    try await complete(
      HTTPRequest(
        method: .put, address: session.location.adding("digest", descriptor.digest.description),
        headers: [("Content-Type", "application/octet-stream")], timeout: 0, idle: HTTPRequest.commitIdle,
        isFresh: needsFreshConnection))
  }

  private func complete(_ request: HTTPRequest) async throws -> DistributionError? {
    mayBeStored = true
    let response = try await client.attempt(request, scopes: scopes, subject: subject, onSent: progress.take)
    needsFreshConnection = false
    mayBeStored = false
    guard response.status == 201 || response.status == 204 else { return client.failure(response, subject) }
    try client.checkDigest(of: response, descriptor.digest, subject)
    return nil
  }

  /// Cancels a session at the remote registry, which would otherwise expire it on its own.
  func cancel(_ session: UploadSession) async {
    let request = HTTPRequest(method: .delete, address: session.location, timeout: 10)
    _ = try? await client.attempt(request, scopes: scopes, subject: subject)
  }
}
