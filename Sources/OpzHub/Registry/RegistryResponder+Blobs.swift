import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry

extension RegistryResponder {
  /// Blobs are shared by all repositories: a client that knows a digest may read it under any name.
  func blob(_ request: HubRequest, _ name: RepositoryName, digest: Digest) async throws -> Response {
    switch request.method {
    case "GET", "HEAD": break
    case "DELETE":
      throw request.route.refusal("all repositories share blobs; opz gc removes those that nothing refers to")
    default: throw request.route.refusal()
    }
    let place = registry.store.path(of: digest)
    guard let status = try await onDisk({ try FileStatus.find(place) }), status.kind == .file else {
      throw SpecError(404, .blobUnknown, message: "no such blob")
    }
    var headers: [(name: String, value: String)] = [
      ("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest.description),
      ("Accept-Ranges", "bytes"), ("ETag", "\"\(digest)\""),
    ]
    guard let text = request.header("range"), request.method == "GET", let range = ByteRange(text) else {
      return Response(200, headers, body: .file(place, from: 0, count: status.size))
    }
    guard let part = range.within(status.size) else {
      throw SpecError(
        416, .sizeInvalid, message: "the blob has \(status.size) bytes",
        headers: [("Content-Range", "bytes */\(status.size)")])
    }
    headers.append(("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound)/\(status.size)"))
    return Response(
      206, headers, body: .file(place, from: part.lowerBound, count: part.upperBound - part.lowerBound + 1))
  }
}
