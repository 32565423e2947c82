import NIOPosix
import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry

/// A registry that implements exactly the OCI distribution-spec 1.1.1. What real registries do besides is added by
/// the responders in front of it.
struct RegistryResponder: Responder {
  let registry: Registry
  let uploads: Uploads
  /// Its threads may block on disk I/O.
  let disk: NIOThreadPool

  init(_ registry: Registry, limits: HubLimits = HubLimits()) throws {
    self.registry = registry
    disk = NIOThreadPool.singleton
    uploads = try Uploads(registry, disk: disk, limit: limits.uploads)
  }

  func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response {
    var response: Response
    do {
      response = try await route(request, body)
    } catch let end as ConnectionClosed {
      throw end
    } catch {
      response = SpecError.of(error).response
    }
    response.headers.append(("Docker-Distribution-Api-Version", "registry/2.0"))
    return response
  }

  private func route(_ request: HubRequest, _ body: any RequestBody) async throws -> Response {
    if request.method == "OPTIONS", !request.route.methods.isEmpty { return .options(request.route.methods) }
    let isRead = request.method == "GET" || request.method == "HEAD"
    switch request.route {
    case .ping where isRead:
      return Response(200, [("Content-Type", "application/json")], body: .bytes(Array("{}".utf8)))
    case .catalog where isRead: return try await catalog(request)
    case .tags(let name) where isRead: return try await tags(request, try repository(name))
    case .referrers(let name, let text) where isRead:
      return try await referrers(request, try repository(name), digest: try digest(text))
    case .manifest(let name, let reference):
      return try await manifest(request, try repository(name), reference: reference, body: body)
    case .blob(let name, let text): return try await blob(request, try repository(name), digest: try digest(text))
    case .uploads(let name) where request.method == "POST":
      return try await begin(request, try repository(name), body: body)
    case .upload(let name, let id): return try await upload(request, try repository(name), id: id, body: body)
    case .token, .unknown: throw SpecError(404, .unsupported, message: "this registry has no such path")
    default: throw request.route.refusal()
    }
  }

  func repository(_ text: String) throws -> RepositoryName {
    guard let name = RepositoryName(text) else {
      throw SpecError(
        400, .nameInvalid, message: "not a repository name: lower-case parts joined by /, at most 255 bytes")
    }
    return name
  }

  func digest(_ text: String) throws -> Digest {
    guard let digest = Digest(text) else {
      throw SpecError(
        400, .digestInvalid, message: "not a digest: sha256: and 64 hex digits, or sha512: and 128, in lower case")
    }
    return digest
  }

  func onDisk<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await disk.runIfActive(work)
  }
}
