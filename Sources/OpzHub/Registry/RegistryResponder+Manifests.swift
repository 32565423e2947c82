import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry

extension RegistryResponder {
  func manifest(_ request: HubRequest, _ name: RepositoryName, reference: String, body: any RequestBody)
    async throws
    -> Response
  {
    let digest = reference.contains(":") ? try digest(reference) : nil
    guard digest != nil || Reference.isTag(reference) else {
      throw SpecError(400, .manifestInvalid, message: "neither a tag nor a digest")
    }
    switch request.method {
    case "GET", "HEAD": return try await get(name, reference, digest: digest)
    case "PUT": return try await put(request, name, reference: reference, digest: digest, body: body)
    case "DELETE": return try await delete(name, reference, digest: digest)
    default: throw request.route.refusal()
    }
  }

  private func get(_ name: RepositoryName, _ tag: String, digest: Digest?) async throws -> Response {
    let found = try await onDisk { [registry] () -> Descriptor? in
      let repository = registry.repository(name)
      if let found = try digest.map(repository.manifest) ?? repository.resolve(tag) { return found }
      let model = try ModelRepository(name.description, in: registry)
      return try digest.map { try model?.manifest($0) } ?? model?.resolve(tag)
    }
    guard let found else { throw SpecError(404, .manifestUnknown, message: "no such manifest in this repository") }
    let file = try await onDisk { [store = registry.store] in try store.has(found) ? store.file(found) : nil }
    guard let file else {
      throw SpecError(
        404, .manifestUnknown, message: "the manifest is not in this registry; opz fsck says where it may be")
    }
    return Response(
      200, [("Content-Type", found.mediaType.rawValue), ("Docker-Content-Digest", found.digest.description)],
      body: .file(file.path, from: 0, count: file.size))
  }

  private func put(
    _ request: HubRequest, _ name: RepositoryName, reference: String, digest: Digest?, body: any RequestBody
  ) async throws -> Response {
    if let length = request.length, length > UInt64(Document.limit) {
      throw SpecError(413, .sizeInvalid, message: "a manifest may have at most \(Document.limit) bytes")
    }
    let bytes = try await body.bytes(limit: Document.limit)
    let said = request.header("content-type")?.split(separator: ";").first.map { $0.filter { $0 != " " } } ?? ""
    let type = MediaType(String(said))
    guard type.isDocument else {
      throw SpecError(
        400, .manifestInvalid, message: "Content-Type is not that of a manifest or an index: \"\(said.prefix(100))\"")
    }
    let tags = digest == nil ? [reference] : try Self.tags(request.query)
    let (stored, subject) = try await onDisk { [registry] in
      for tag in tags { try Self.refuse(tag, of: name, bytes, registry: registry) }
      return try registry.repository(name).put(bytes, type, digest: digest, tags: tags)
    }
    var response = Response(
      201,
      [("Location", "/v2/\(name)/manifests/\(stored.digest)"), ("Docker-Content-Digest", stored.digest.description)])
    if let subject { response.headers.append(("OCI-Subject", subject.description)) }
    if digest != nil, !tags.isEmpty { response.headers.append(("OCI-Tag", tags.joined(separator: ", "))) }
    return response
  }

  /// The tags of `?tag=1&tag=2`, which a manifest that is pushed by its digest gets (distribution-spec 1.2, "Pushing
  /// Manifests"). All or none are set.
  private static func tags(_ query: Query) throws -> [String] {
    let named = query.all("tag")
    guard named.count <= tagLimit else {
      throw SpecError(414, .unsupported, message: "at most \(tagLimit) tags can be set by one request")
    }
    var tags: [String] = []
    for tag in named where !tags.contains(tag) {
      guard Reference.isTag(tag) else { throw SpecError(400, .manifestInvalid, message: "not a tag") }
      tags.append(tag)
    }
    return tags
  }

  /// The specification asks for 10 at least.
  private static let tagLimit = 32

  /// Refuses to change versions, which are immutable, and aliases, which only `opz alias` and `opz promote` move,
  /// with a reason.
  private static func refuse(_ tag: String, of name: RepositoryName, _ bytes: [UInt8], registry: Registry) throws {
    guard let taken = try ModelRepository(name.description, in: registry)?.resolve(tag),
      taken.digest != Digest.of(bytes)
    else { return }
    throw SpecError(
      403, .denied,
      message: "\(tag) is a version or an alias of the model \(name); only opz package, alias and promote set it")
  }

  /// Refuses to delete parts and referrers of a version: they go with the version by `opz delete`, with a reason.
  private static func refuseDeletion(
    _ tag: String, _ digest: Digest?, of name: RepositoryName, registry: Registry
  ) throws {
    guard let model = try ModelRepository(name.description, in: registry),
      try (digest.map { try model.manifest($0) } ?? model.resolve(tag)) != nil
    else { return }
    throw SpecError(
      405, .unsupported,
      message: "it is part of a version of the model \(name), which only opz delete and opz alias change",
      headers: [("Allow", "GET, HEAD, PUT")])
  }

  private func delete(_ name: RepositoryName, _ tag: String, digest: Digest?) async throws -> Response {
    let isGone = try await onDisk { [registry] in
      let repository = registry.repository(name)
      try Self.refuseDeletion(tag, digest, of: name, registry: registry)
      return try digest.map(repository.delete) ?? repository.delete(tag: tag)
    }
    guard isGone else {
      throw SpecError(404, .manifestUnknown, message: "no such manifest was pushed to this repository")
    }
    return Response(202)
  }
}
