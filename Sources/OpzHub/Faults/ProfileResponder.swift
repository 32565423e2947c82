import NIOCore
import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization

/// Makes a registry that follows the specification behave like a known registry. Each quirk sees requests before the
/// registry does, or its responses.
struct ProfileResponder: Responder {
  let inner: any Responder
  let quirks: [Quirk]
  private let memory = QuirkMemory()

  init(_ inner: any Responder, _ quirks: [Quirk]) {
    self.inner = inner
    self.quirks = quirks
  }

  func respond(to original: HubRequest, _ body: any RequestBody) async throws -> Response {
    var request = original
    var body = body
    for quirk in quirks {
      if let refusal = try ProfileResponder.refusal(quirk, request, memory: memory) { return refusal }
      do {
        try await change(quirk, &request, body: &body)
      } catch let refusal as SpecError {
        return refusal.response
      }
    }
    var response: Response
    do {
      response = try await inner.respond(to: request, body)
    } catch let end as ConnectionClosed {
      if quirks.contains(.cutEndsUpload), request.kind == .uploadChunk || request.kind == .uploadFinish {
        try await forget(request)
      }
      throw end
    }
    for quirk in quirks { ProfileResponder.apply(quirk, request, response: &response, memory: memory) }
    return response
  }

  /// Applies quirks that must read the body, or that change how the registry reads the request.
  private func change(_ quirk: Quirk, _ request: inout HubRequest, body: inout any RequestBody) async throws {
    switch quirk {
    case .acceptsUnorderedChunks: request.headers.remove("content-range")
    case .noSecondTag:
      guard case .manifest(_, let reference) = request.route, request.kind == .manifestPut else { return }
      let bytes = try await body.bytes(limit: Document.limit)
      let first = memory.first("manifest \(Digest.of(bytes))", reference)
      if first != reference { throw SpecError.noRedeployment }
      body = KnownBody(bytes)
    case .refusesReferrers, .knownConfigsOnly, .lostBlobs:
      guard request.kind == .manifestPut, (request.length ?? 0) <= UInt64(Document.limit) else { return }
      let bytes = try await body.bytes(limit: Document.limit)
      if let refusal = refusal(quirk, manifest: bytes) { throw refusal }
      body = KnownBody(bytes)
    default: break
    }
  }

  private func refusal(_ quirk: Quirk, manifest bytes: [UInt8]) -> SpecError? {
    let members = (try? CanonicalJSON.decode([String: JSONValue].self, from: bytes, subject: "")) ?? [:]
    switch quirk {
    case .refusesReferrers(let every):
      guard members["subject"] != nil, memory.count("referrer") % max(1, every) == 0 else { return nil }
      return SpecError(405, .unsupported, message: "this type of artifact is not accepted")
    case .knownConfigsOnly:
      guard case .object(let config)? = members["config"], case .string(let type)? = config["mediaType"] else {
        return nil
      }
      let known: [MediaType] = [.imageConfig, .dockerConfig]
      return known.contains(MediaType(type))
        ? nil : SpecError(400, .manifestInvalid, message: "the config type \(type.prefix(100)) is not supported")
    case .lostBlobs:
      let text = String(decoding: bytes, as: UTF8.self)
      guard let lost = memory.lost.first(where: { text.contains($0.description) }) else { return nil }
      return SpecError(404, .manifestBlobUnknown, message: "blob unknown to registry: \(lost)")
    default: return nil
    }
  }

  private func forget(_ request: HubRequest) async throws {
    var cancel = request
    cancel.method = "DELETE"
    _ = try await inner.respond(to: cancel, KnownBody([]))
  }
}

extension ProfileResponder {
  /// The response to a request that this registry rejects before processing.
  static func refusal(_ quirk: Quirk, _ request: HubRequest, memory: QuirkMemory) throws -> Response? {
    switch (quirk, request.kind) {
    case (.chunkMinimum(let least), .uploadChunk):
      let last = memory.replace("chunk " + request.path, request.length)
      guard let last, last < least else { return nil }
      return SpecError(400, .sizeInvalid, message: "a chunk before the last had \(last) bytes, fewer than \(least)")
        .response
    case (.chunkMaximum(let most, let status), .uploadChunk):
      guard (request.length ?? 0) > most else { return nil }
      return SpecError(status, .sizeInvalid, message: "a chunk may have at most \(most) bytes").response
    case (.noChunks, .uploadChunk):
      guard memory.replace("chunk " + request.path, 1) != nil else { return nil }
      return SpecError(405, .unsupported, message: "chunked uploads are not supported").response
    case (.dropsMissingRepositories, _):
      if !request.kind.isRead, request.route.name?.hasPrefix("missing/") == true { throw ConnectionClosed() }
      return nil
    case (.throttlesManifests(let every), .manifestPut):
      // A rejected manifest passes when it is sent again.
      guard memory.count("manifest") % max(1, every) == 0 else { return nil }
      return SpecError(429, .tooManyRequests, message: "Rate exceeded").response
    case (.plainRangesOnly, .uploadChunk):
      guard request.header("content-range")?.hasPrefix("bytes") == true else { return nil }
      return SpecError(400, .sizeInvalid, message: "Content-Range has to be START-END").response
    default: return try laterRefusal(quirk, request, memory: memory)
    }
  }

  private static func laterRefusal(_ quirk: Quirk, _ request: HubRequest, memory: QuirkMemory) throws -> Response? {
    switch (quirk, request.kind) {
    case (.chunkBeforePut, .uploadChunk):
      _ = memory.replace("chunk " + request.path, 1)
      return nil
    case (.chunkBeforePut, .uploadFinish):
      guard memory.replace("chunk " + request.path, 1) == nil else { return nil }
      return SpecError(404, .blobUploadUnknown, message: "no such upload").response
    case (.mountNeedsFrom, .uploadStart):
      guard request.query["mount"] != nil, request.query["from"] == nil else { return nil }
      return SpecError(400, .nameInvalid, message: "from is missing").response
    case (.pullLimit(let most), .manifestGet):
      guard memory.count("pull") > most else { return nil }
      return SpecError(
        429, .tooManyRequests, message: "You have reached your pull rate limit",
        headers: [("ratelimit-limit", "\(most);w=21600"), ("ratelimit-remaining", "0;w=21600")]
      ).response
    case (.lostBlobs, .blobHead), (.lostBlobs, .blobGet):
      guard case .blob(_, let text) = request.route, let digest = Digest(text), memory.lost.contains(digest) else {
        return nil
      }
      return SpecError(404, .blobUnknown, message: "blob unknown to registry").response
    case (.bodyLimit(let most, let server), _):
      return (request.length ?? 0) > most ? .page(413, "Payload Too Large", server: server) : nil
    case (.noReferrers, .referrers):
      return Response(
        404, [("Content-Type", "text/plain; charset=utf-8")], body: .bytes(Array("404 page not found\n".utf8)))
    case (.largeManifestIs400, .manifestPut):
      guard (request.length ?? 0) > UInt64(Document.limit) else { return nil }
      return SpecError(400, .manifestInvalid, message: "manifest invalid").response
    case (.statefulLocation, .uploadChunk), (.statefulLocation, .uploadFinish), (.statefulLocation, .uploadStatus):
      guard request.query["_state"] != request.path.split(separator: "/").last.map(state) else { return nil }
      return SpecError(404, .blobUploadInvalid, message: "blob upload invalid").response
    default: return nil
    }
  }

  /// Changes the specified response into this registry's.
  static func apply(_ quirk: Quirk, _ request: HubRequest, response: inout Response, memory: QuirkMemory) {
    switch quirk {
    case .announcesMinimum(let least) where request.kind == .uploadStart && response.status == 202:
      response["OCI-Chunk-Min-Length"] = "\(least)"
    case .chunkStatus(let status) where request.kind == .uploadChunk && response.status == 202: response.status = status
    case .rangeSticks where [.uploadChunk, .uploadStatus].contains(request.kind) && response["Range"] != nil:
      response["Range"] = memory.first("range " + request.path, response["Range"] ?? "")
    case .lostBlobs(let most) where request.kind == .uploadFinish || request.kind == .uploadStart:
      guard response.status == 201, request.query["mount"] == nil,
        let digest = request.query["digest"].flatMap({ Digest($0) })
      else { return }
      memory.stored(digest, losing: most)
    case .noReferrers: response["OCI-Subject"] = nil
    case .statefulLocation:
      guard let place = response["Location"], place.contains("/blobs/uploads/"),
        let id = place.split(separator: "/").last
      else {
        if let place = response["Location"] { response["Location"] = "http://\(request.host)\(place)" }
        return
      }
      response["Location"] = "http://\(request.host)\(place)?_state=\(state(id))"
    default: break
    }
  }

  /// The state that a client has to send back. It is padded, as real registries' is, to expose clients that re-encode
  /// it.
  private static func state(_ id: some StringProtocol) -> String {
    String(Digest.of(Array("state \(id)".utf8)).hex.prefix(20)) + "=="
  }
}

extension SpecError {
  /// What Nexus answers: only the detail says why (GoogleContainerTools/jib#3057).
  fileprivate static let noRedeployment = SpecError(
    400, .blobUploadInvalid, message: "blob upload invalid",
    detail: "Repository does not allow updating assets: docker-hosted")
}

/// What a registry of this kind remembers. It holds a few thousand uploads, then starts over.
final class QuirkMemory: Sendable {
  private struct State {
    var numbers: [String: UInt64] = [:]
    var texts: [String: String] = [:]
    var counts: [String: Int] = [:]
    var lost: Set<Digest> = []
    var known: Set<Digest> = []
  }

  private let state = Mutex(State())
  private static let room = 10_000

  /// Sets a number and returns the previous one.
  func replace(_ key: String, _ number: UInt64?) -> UInt64? {
    state.withLock { state in
      if state.numbers.count > QuirkMemory.room { state.numbers = [:] }
      defer { state.numbers[key] = number }
      return state.numbers[key]
    }
  }

  /// The first text stored under this key.
  func first(_ key: String, _ text: String) -> String {
    state.withLock { state in
      if state.texts.count > QuirkMemory.room { state.texts = [:] }
      if let first = state.texts[key] { return first }
      // An empty range is not a chunk.
      if text != "0-0" { state.texts[key] = text }
      return text
    }
  }

  /// Counts calls for this key: 1 for the first, 2 for the second.
  func count(_ key: String) -> Int {
    state.withLock { state in
      state.counts[key, default: 0] &+= 1
      return state.counts[key] ?? 0
    }
  }

  var lost: Set<Digest> { state.withLock { $0.lost } }

  /// Records a stored blob; the first `most` blobs are lost, once each.
  func stored(_ digest: Digest, losing most: Int) {
    state.withLock { state in
      if state.lost.remove(digest) != nil { return }
      if state.known.count < most, state.known.insert(digest).inserted { state.lost.insert(digest) }
    }
  }
}

/// A body that is already in memory.
final class KnownBody: RequestBody {
  private var bytes: [UInt8]?

  init(_ bytes: [UInt8]) { self.bytes = bytes.isEmpty ? nil : bytes }

  func next() async throws -> ByteBuffer? {
    defer { bytes = nil }
    return bytes.map { ByteBuffer(bytes: $0) }
  }
}
