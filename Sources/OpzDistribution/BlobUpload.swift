import OpzIO
import OpzOCI

/// Brings one blob into a repository: mounted from another one where that works, else sent in one PUT
/// (distribution-spec 1.1, "Pushing a blob monolithically").
struct BlobUpload {
  let client: RegistryClient
  let descriptor: Descriptor
  let blob: any Blob
  /// Repositories of the same registry that may have it.
  let candidates: [String]

  /// Repositories that are asked for a blob before it is sent.
  static let mountLimit = 3

  private var subject: String { "\(client.reference.name)@\(descriptor.digest)" }
  private var scopes: [Scope] { [.push(client.reference.repository)] }

  /// Does it, and says how it came there.
  func run() async throws -> ProgressOutcome {
    var session: WebAddress?
    // A mount that is not done opens an upload instead; the ones that are not used end by themselves.
    for candidate in candidates.prefix(BlobUpload.mountLimit) where Reference.isRepository(candidate) {
      switch try await mount(from: candidate) {
      case .mounted: return .mounted
      case .session(let address): session = address
      case .no: continue
      }
    }
    let progress = UploadProgress(descriptor.digest.short, client.progress)
    var isRepetition = false
    try await client.retrier.run(subject, onRetry: progress.restart) {
      // The answer to a whole upload may have been lost on its way.
      if isRepetition, try await client.has(descriptor, scopes) { return }
      isRepetition = true
      // A session that a mount opened serves the first attempt; each further attempt opens its own.
      let place = if let session { session } else { try await begin() }
      session = nil
      try await put(to: place, progress)
    }
    return .done
  }

  private enum Mount {
    case mounted
    case session(WebAddress)
    case no
  }

  // Whatever goes wrong with a mount, the blob can be sent.
  private func mount(from candidate: String) async throws -> Mount {
    let query = "mount=\(WebAddress.encode(descriptor.digest.description))&from=\(WebAddress.encode(candidate))"
    let request = HTTPRequest(method: .post, address: client.address("blobs/uploads/", query: query))
    do {
      let response = try await client.attempt(request, scopes + [.pull(candidate)], subject)
      switch response.status {
      case 201: return .mounted
      case 202: return .session(try client.location(of: response, to: request))
      default: return .no
      }
    } catch is DistributionError {
      return .no
    }
  }

  private func begin() async throws -> WebAddress {
    let request = HTTPRequest(method: .post, address: client.address("blobs/uploads/"))
    let response = try await client.attempt(request, scopes, subject)
    guard response.status == 202 else { throw RegistryAnswer.error(response, subject) }
    return try client.location(of: response, to: request)
  }

  private func put(to session: WebAddress, _ progress: UploadProgress) async throws {
    let request = HTTPRequest(
      method: .put, address: session.adding("digest", descriptor.digest.description),
      headers: [("Content-Type", "application/octet-stream")], body: .blob(blob), timeout: 0)
    let response = try await client.attempt(request, scopes, subject, onSent: progress.take)
    guard response.status == 201 || response.status == 204 else { throw RegistryAnswer.error(response, subject) }
    try client.checkDigest(of: response, descriptor.digest, subject)
  }
}
