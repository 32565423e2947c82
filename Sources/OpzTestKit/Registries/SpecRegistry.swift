public import OpzIO
import OpzOCI
import Synchronization

/// A small in-memory registry that accepts pushes by the distribution-spec, with quirks for tests. It verifies each
/// digest and counts the bytes received.
public final class SpecRegistry: Sendable {
  /// Where the server deviates from the distribution-spec as real registries do.
  public struct Quirks: Sendable {
    /// Keeps the bytes of an interrupted chunk.
    public var keepsCutChunks = true
    /// Ends an upload whose chunk is interrupted (docker-registry 2.8.2).
    public var losesCutUploads = false
    /// Maximum body size of a PATCH; larger ones get this status.
    public var largestPatch: (size: Int, status: Int)?
    public var largestPut: (size: Int, status: Int)?
    /// Status of a PUT directly after POST (Artifactory).
    public var putStatus: Int?
    /// Status of a refused PATCH (GAR).
    public var patchStatus: Int?
    /// Status of an accepted PATCH.
    public var acceptStatus = 202
    /// `Range` stays at the end of the first chunk (ECR).
    public var stuckRange = false
    public var chunkMinimum: Int?
    /// Reports an upload's status only at its newest Location (docker-registry, whose Location contains the upload's
    /// state).
    public var forgetsOldLocations = false
    /// Sends this header for a manifest with a subject, although there is no referrers list (Docker Hub in 2024).
    public var saysSubject = false
    /// The `Range` of an empty upload.
    public var emptyRange = "0-0"
    /// The form of `Location`; `PATH` and `HOST` are replaced.
    public var location = "PATH"
    /// The POST, PATCH and PUT requests, by number, whose response is lost.
    public var lostResponses: Set<Int> = []
    /// After a cut, no request gets a response until `recover`.
    public var staysDown = false
    /// Returns a response in place of the registry's, before the body is read.
    public var gate: @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer? = { _ in nil }

    /// Creates a server's behavior without deviations, apart from the defaults below.
    public init() {}

    /// Returns a copy with a change.
    public func with(_ change: (inout Quirks) -> Void) -> Quirks {
      var copy = self
      change(&copy)
      return copy
    }
  }

  /// The received part of a blob. Its bytes are hashed and, if not too many, kept.
  private struct Upload {
    var count = 0
    var hasher = DigestHasher()
    var bytes: [UInt8] = []

    mutating func add(_ more: [UInt8]) {
      count += more.count
      hasher.update(more)
      bytes = count <= SpecRegistry.keptLimit ? bytes + more : []
    }
  }

  private static let keptLimit = 64 << 20

  private struct State {
    var uploads: [String: Upload] = [:]
    /// By upload, the only Location that is valid for the next request.
    var steps: [String: Int] = [:]
    var firstEnds: [String: Int] = [:]
    var blobs: [String: Upload] = [:]
    /// Bytes and media type, by digest and by tag.
    var documents: [String: (bytes: [UInt8], type: String)] = [:]
    var cuts: [Int]
    var received = 0
    var isDown = false
    var counter = 0
    public var patches: [(from: Int, size: Int)] = []
  }

  private let state: Mutex<State>
  private let quirks: Quirks
  private let server: Mutex<ScriptedServer?>

  /// - Parameter cuts: totals of body bytes after which the connection is closed.
  public init(_ quirks: Quirks = Quirks(), cuts: [Int] = []) throws {
    self.quirks = quirks
    state = Mutex(State(cuts: cuts.sorted()))
    server = Mutex(nil)
    // A client may still send something when the test has let go of the registry.
    let made = try ScriptedServer(
      bodyLimit: 1 << 30, early: { [weak self] in self?.early($0) ?? .answer(.hangUp) },
      onBroken: { [weak self] request, count in
        self?.state.withLock { $0.received += count }
        self?.keep(request.body, of: request)
      }
    ) { [weak self] in self?.answer($0) ?? .hangUp }
    server.withLock { $0 = made }
  }

  /// `127.0.0.1:PORT`.
  public var host: String { server.withLock { $0?.host ?? "" } }
  public var requests: [ScriptedServer.Request] { server.withLock { $0?.requests ?? [] } }
  /// Bytes of all bodies received.
  public var received: Int { state.withLock { $0.received } }
  public var patches: [(from: Int, size: Int)] { state.withLock { $0.patches } }
  public var openUploads: Int { state.withLock { $0.uploads.count } }

  /// Whether it has a blob with these bytes.
  public func has(_ content: [UInt8]) -> Bool {
    state.withLock { $0.blobs[Digest.of(content).description]?.bytes == content }
  }
  /// Stops the server.
  public func stop() { server.withLock { $0?.stop() } }
  /// Whether it has a blob with this digest.
  public func hasBlob(_ digest: Digest) -> Bool { state.withLock { $0.blobs[digest.description] != nil } }

  /// The digest of a tag's manifest.
  public func digest(ofTag tag: String) -> Digest? {
    state.withLock { $0.documents[tag].map { Digest.of($0.bytes) } }
  }

  /// Ends the outage that follows a cut.
  public func recover() { state.withLock { $0.isDown = false } }

  /// The number of requests with a method.
  public func count(_ method: String) -> Int { requests.filter { $0.method == method }.count }

  private func early(_ request: ScriptedServer.Request) -> ScriptedServer.Early {
    if state.withLock({ $0.isDown }) { return .answer(.hangUp) }
    if let answer = quirks.gate(request) { return .answer(answer) }
    let length = request.header("content-length").flatMap { Int($0) } ?? 0
    guard length > 0, ["PATCH", "PUT"].contains(request.method) else { return .readBody }
    if let refusal = refusal(request, length) { return .answer(refusal) }
    return state.withLock { state in
      guard let cut = state.cuts.first, cut < state.received + length else { return .readBody }
      state.cuts.removeFirst()
      state.isDown = quirks.staysDown
      let after = max(0, cut - state.received)
      state.received += after
      return .cut(after: after) { [self] in keep($0, of: request) }
    }
  }

  private func refusal(_ request: ScriptedServer.Request, _ length: Int) -> ScriptedServer.Answer? {
    if request.method == "PATCH", let status = quirks.patchStatus { return .init(status) }
    if request.method == "PUT", length > 0, let status = quirks.putStatus { return .init(status) }
    let limit = request.method == "PATCH" ? quirks.largestPatch : quirks.largestPut
    guard let limit, length > limit.size else { return nil }
    return .init(limit.status, [("Content-Type", "text/html")], text: "<html>no</html>")
  }

  private func keep(_ bytes: [UInt8], of request: ScriptedServer.Request) {
    state.withLock { state in
      let id = Self.id(request)
      if quirks.losesCutUploads, state.uploads.removeValue(forKey: id) != nil { return }
      // libcurl itself repeats a request when a reused connection closes: the repetition does not match the upload's
      // end.
      let begin = request.header("content-range")?.split(separator: "-").first.flatMap { Int($0) }
      if quirks.keepsCutChunks, begin == state.uploads[id]?.count { state.uploads[id]?.add(bytes) }
    }
  }

  private static func id(_ request: ScriptedServer.Request) -> String {
    request.path.split(separator: "/").last.map(String.init) ?? ""
  }

  private func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
    let answer = state.withLock { take(request, &$0) }
    return quirks.lostResponses.contains(request.number) ? .hangUp : answer
  }

  private func take(_ request: ScriptedServer.Request, _ state: inout State) -> ScriptedServer.Answer {
    let id = Self.id(request)
    if request.path.contains("/manifests/") { return document(request, id, state: &state) }
    if request.path.contains("/referrers/") { return .init(404) }
    switch request.method {
    case "HEAD":
      guard let blob = state.blobs[id] else { return .init(404) }
      return .init(200, length: blob.count)
    case "POST":
      state.counter += 1
      let new = "u\(state.counter)"
      state.uploads[new] = Upload()
      let headers = quirks.chunkMinimum.map { [("OCI-Chunk-Min-Length", "\($0)")] } ?? []
      return .init(202, [("Location", place(new, &state, request: request))] + headers)
    case "GET" where request.path.contains("/blobs/sha256:"):
      return state.blobs[id].map { .init(200, body: $0.bytes) } ?? .init(404)
    case "GET", "DELETE", "PATCH", "PUT":
      let isNewest = request.target.contains("step=\(state.steps[id] ?? 0).")
      let isQuestion = request.method == "GET" && !quirks.forgetsOldLocations
      guard let have = state.uploads[id]?.count, isNewest || isQuestion else {
        return .init(404, text: #"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#)
      }
      if request.method == "DELETE" {
        state.uploads[id] = nil
        return .init(204)
      }
      return step(request, id, have: have, state: &state)
    default: return .init(405)
    }
  }

  private func document(
    _ request: ScriptedServer.Request, _ name: String, state: inout State
  ) -> ScriptedServer.Answer {
    if request.method == "PUT" {
      let digest = Digest.of(request.body).description
      let document = (request.body, request.header("content-type") ?? "")
      state.documents[digest] = document
      state.documents[name] = document
      let subject = quirks.saysSubject ? [("OCI-Subject", digest)] : []
      return .init(201, [("Docker-Content-Digest", digest)] + subject)
    }
    guard let found = state.documents[name] else { return .init(404) }
    let headers = [("Content-Type", found.type), ("Docker-Content-Digest", Digest.of(found.bytes).description)]
    return .init(200, headers, body: found.bytes)
  }

  private func step(
    _ request: ScriptedServer.Request, _ id: String, have: Int, state: inout State
  ) -> ScriptedServer.Answer {
    switch request.method {
    case "GET":
      return .init(204, [("Range", range(id, have, state: state)), ("Location", place(id, &state, request: request))])
    case "PATCH":
      state.received += request.body.count
      let bounds = request.header("content-range")?.split(separator: "-").compactMap { Int($0) } ?? []
      guard bounds.count == 2, bounds[0] == have, bounds[1] + 1 - bounds[0] == request.body.count else {
        return .init(416)
      }
      state.patches.append((bounds[0], request.body.count))
      state.uploads[id]?.add(request.body)
      let whole = have + request.body.count
      if state.firstEnds[id] == nil { state.firstEnds[id] = whole }
      return .init(
        quirks.acceptStatus,
        [("Range", range(id, whole, state: state)), ("Location", place(id, &state, request: request))])
    default:
      state.received += request.body.count
      guard var whole = state.uploads.removeValue(forKey: id) else { return .init(404) }
      whole.add(request.body)
      let digest = whole.hasher.finish().description
      guard request.target.hasSuffix("digest=" + digest.replacing(":", with: "%3A")) else {
        return .init(400, text: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#)
      }
      state.blobs[digest] = whole
      return .init(201, [("Docker-Content-Digest", digest)])
    }
  }

  private func range(_ id: String, _ count: Int, state: State) -> String {
    let end = quirks.stuckRange ? state.firstEnds[id] ?? count : count
    return end == 0 ? quirks.emptyRange : "0-\(end - 1)"
  }

  // Each response has another Location, and only the newest one is valid.
  private func place(_ id: String, _ state: inout State, request: ScriptedServer.Request) -> String {
    let home = request.path.split(separator: "/uploads").first.map { "\($0)/uploads" } ?? ""
    let next = (state.steps[id] ?? 0) + 1
    state.steps[id] = next
    let path = "\(home)/\(id)?state=%2Fa%3D&step=\(next)."
    return quirks.location.replacing("PATH", with: path).replacing("HOST", with: request.header("host") ?? "")
  }
}
