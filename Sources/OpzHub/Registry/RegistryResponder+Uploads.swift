import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry

extension RegistryResponder {
  /// Handles POST: a mount, a monolithic upload, or the start of an upload session ("Pushing blobs").
  func begin(_ request: HubRequest, _ name: RepositoryName, body: any RequestBody) async throws -> Response {
    if let text = request.query["mount"] {
      let wanted = try digest(text)
      let place = registry.store.path(of: wanted)
      // `from` names a repository that may have the blob; here all repositories share their content.
      if let from = request.query["from"] { _ = try repository(from) }
      if try await onDisk({ try FileStatus.find(place)?.kind == .file }) { return created(name, wanted) }
    }
    let whole = try request.query["digest"].map { try digest($0) }
    let upload = try await uploads.begin(name)
    guard let whole else {
      await uploads.give(back: upload)
      return accepted(202, name, upload: upload)
    }
    return try await holding(upload) {
      try await append(body, to: upload)
      return try await finish(upload, name, wanted: whole)
    }
  }

  func upload(_ request: HubRequest, _ name: RepositoryName, id: String, body: any RequestBody) async throws
    -> Response
  {
    guard request.route.methods.contains(request.method) else {
      throw request.route.refusal()
    }
    // An invalid request does not end the upload.
    let wanted = try request.method == "PUT" ? digest(request.query["digest"] ?? "") : nil
    let upload = try await uploads.take(id, name)
    return try await holding(upload) {
      switch request.method {
      case "GET", "HEAD": return await given(back: upload, accepted(204, name, upload: upload))
      case "DELETE":
        try await uploads.end(upload)
        return Response(204)
      case "PATCH":
        if let refusal = disorder(request, name, upload: upload) { return await given(back: upload, refusal) }
        try await append(body, to: upload)
        try await onDisk { try upload.sync() }
        return await given(back: upload, accepted(202, name, upload: upload))
      default:
        if let refusal = disorder(request, name, upload: upload) { return await given(back: upload, refusal) }
        try await append(body, to: upload)
        guard let wanted else { throw SpecError(400, .digestInvalid, message: "no digest") }
        return try await finish(upload, name, wanted: wanted)
      }
    }
  }

  /// Runs `work`; if it fails, the upload can be resumed from the bytes received.
  private func holding(_ upload: Upload, _ work: () async throws -> Response) async throws -> Response {
    do {
      return try await work()
    } catch {
      await uploads.give(back: upload)
      throw error
    }
  }

  private func given(back upload: Upload, _ response: Response) async -> Response {
    await uploads.give(back: upload)
    return response
  }

  private func append(_ body: any RequestBody, to upload: Upload) async throws {
    while let piece = try await body.next() { try await onDisk { try upload.write(piece) } }
  }

  /// The response to a chunk that does not start at the upload's end, or whose length differs from its range.
  private func disorder(_ request: HubRequest, _ name: RepositoryName, upload: Upload) -> Response? {
    guard let text = request.header("content-range") else { return nil }
    guard let range = ContentRange(text), request.length.map({ $0 == range.count }) ?? true else {
      return SpecError(400, .sizeInvalid, message: "Content-Range is not START-END, or does not match the body")
        .response
    }
    guard range.start != upload.size else { return nil }
    var response = SpecError(
      416, .blobUploadInvalid, message: "the upload has \(upload.size) bytes, so the next chunk begins there"
    ).response
    response.headers += position(name, upload)
    return response
  }

  private func finish(_ upload: Upload, _ name: RepositoryName, wanted: Digest) async throws -> Response {
    let found = try await onDisk { try upload.digest(wanted.algorithm) }
    guard found == wanted else {
      // The bytes do not match the digest, and more bytes cannot change that.
      try await uploads.end(upload)
      return SpecError(400, .digestInvalid, message: "the \(upload.size) bytes have the digest \(found)").response
    }
    try await onDisk { [store = registry.store] in try store.adopt(upload.path, as: wanted) }
    try await uploads.end(upload)
    return created(name, wanted)
  }

  private func created(_ name: RepositoryName, _ digest: Digest) -> Response {
    Response(201, [("Location", "/v2/\(name)/blobs/\(digest)"), ("Docker-Content-Digest", digest.description)])
  }

  private func accepted(_ status: Int, _ name: RepositoryName, upload: Upload) -> Response {
    Response(status, position(name, upload) + [("Docker-Upload-UUID", upload.id.description)])
  }

  /// `Range` is inclusive, so it cannot express an empty upload; registries send `0-0`.
  private func position(_ name: RepositoryName, _ upload: Upload) -> [(name: String, value: String)] {
    let last = upload.size == 0 ? 0 : upload.size - 1
    return [("Location", "/v2/\(name)/blobs/uploads/\(upload.id)"), ("Range", "0-\(last)")]
  }
}
