import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI

/// How registries take and give manifests.
extension Quirk {
  /// Every Nth manifest gets 429 the first time.
  package static func throttlesManifests(every: Int) -> Quirk {
    .refusing(.manifestPut) { _, memory in
      // A rejected manifest passes when it is sent again.
      guard memory.count("manifest") % max(1, every) == 0 else { return nil }
      return SpecError(429, .tooManyRequests, message: "Rate exceeded").response
    }
  }

  /// Every Nth manifest with a subject gets 405.
  package static func refusesReferrers(every: Int) -> Quirk {
    Quirk(
      .reads { request, body, memory in
        guard let members = try await members(request, &body), members["subject"] != nil,
          memory.count("referrer") % max(1, every) == 0
        else { return }
        throw SpecError(405, .unsupported, message: "this type of artifact is not accepted")
      })
  }

  /// A manifest that is stored gets no other name, by a tag or by its digest: 400 with BLOB_UPLOAD_INVALID.
  package static var noSecondTag: Quirk {
    Quirk(
      .reads { request, body, memory in
        guard case .manifest(_, let reference) = request.route, request.kind == .manifestPut else { return }
        let bytes = try await body.bytes(limit: Document.limit)
        guard memory.first("manifest \(Digest.of(bytes))", reference) == reference else { throw noRedeployment }
        body = KnownBody(bytes)
      })
  }

  /// What Nexus answers: only the detail says why (GoogleContainerTools/jib#3057).
  private static let noRedeployment = SpecError(
    400, .blobUploadInvalid, message: "blob upload invalid",
    detail: "Repository does not allow updating assets: docker-hosted")

  /// Refuses manifests whose config has an unknown media type.
  package static var knownConfigsOnly: Quirk {
    Quirk(
      .reads { request, body, _ in
        guard let members = try await members(request, &body), case .object(let config)? = members["config"],
          case .string(let type)? = config["mediaType"],
          ![MediaType.imageConfig, .dockerConfig].contains(MediaType(type))
        else { return }
        throw SpecError(400, .manifestInvalid, message: "the config type \(type.prefix(100)) is not supported")
      })
  }

  /// Manifest GETs are counted and get 429 above this number; HEADs are not counted.
  package static func pullLimit(_ most: Int) -> Quirk {
    .refusing(.manifestGet) { _, memory in
      guard memory.count("pull") > most else { return nil }
      return SpecError(
        429, .tooManyRequests, message: "You have reached your pull rate limit",
        headers: [("ratelimit-limit", "\(most);w=21600"), ("ratelimit-remaining", "0;w=21600")]
      ).response
    }
  }

  /// Supports no referrers API.
  /// - Parameter saysSubject: sends `OCI-Subject` all the same (Docker Hub in 2024).
  package static func noReferrers(saysSubject: Bool = false) -> Quirk {
    Quirk(
      .refuses { request, _ in
        guard request.kind == .referrers else { return nil }
        return Response(
          404, [("Content-Type", "text/plain; charset=utf-8")], body: .bytes(Array("404 page not found\n".utf8)))
      },
      .changes { _, response, _ in if !saysSubject { response["OCI-Subject"] = nil } })
  }

  /// A manifest that is too large gets 400.
  package static var largeManifestIs400: Quirk {
    .refusing(.manifestPut) { request, _ in
      guard (request.length ?? 0) > UInt64(Document.limit) else { return nil }
      return SpecError(400, .manifestInvalid, message: "manifest invalid").response
    }
  }

  /// The body of a request that stores a manifest, which stays there for the registry; nil for other requests.
  static func manifest(_ request: HubRequest, _ body: inout any RequestBody) async throws -> [UInt8]? {
    guard request.kind == .manifestPut, (request.length ?? 0) <= UInt64(Document.limit) else { return nil }
    let bytes = try await body.bytes(limit: Document.limit)
    body = KnownBody(bytes)
    return bytes
  }

  private static func members(
    _ request: HubRequest, _ body: inout any RequestBody
  ) async throws -> [String: JSONValue]? {
    guard let bytes = try await manifest(request, &body) else { return nil }
    return (try? CanonicalJSON.decode([String: JSONValue].self, from: bytes, subject: "")) ?? [:]
  }
}
