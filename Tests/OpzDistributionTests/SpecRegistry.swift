import OpzIO
import OpzTestKit
import Synchronization

@testable import OpzDistribution

/// A small registry that takes uploads by the rules of the distribution-spec, with quirks where a test wants them. It keeps what it gets
/// in memory and checks each digest.
final class SpecRegistry: Sendable {
  struct Quirks: Sendable {
    /// Bytes of a chunk that was cut stay.
    var keepsCutChunks = true
    /// An upload whose chunk was cut is gone (docker-registry 2.8.2).
    var losesCutUploads = false
    /// The largest body; more is answered with this status.
    var largestPatch: (size: Int, status: Int)?
    var largestPut: (size: Int, status: Int)?
    /// PUT after POST is answered so (Artifactory).
    var putStatus: Int?
    /// PATCH is answered so (GAR).
    var patchStatus: Int?
    /// What a PATCH that is taken answers.
    var acceptStatus = 202
    /// `Range` stays at the end of the first chunk (ECR).
    var stuckRange = false
    var chunkMinimum: Int?
    /// An empty upload's `Range`.
    var emptyRange = "0-0"
    /// What `Location` looks like: `PATH` and `HOST` are filled in.
    var location = "PATH"
    /// Answers to POST, PATCH, PUT that get lost: by the number of the request.
    var lostAnswers: Set<Int> = []
  }

  private struct State {
    var uploads: [String: [UInt8]] = [:]
    /// By upload, the only place that is good for the next request.
    var steps: [String: Int] = [:]
    var firstEnds: [String: Int] = [:]
    var blobs: [String: [UInt8]] = [:]
    var cuts: [Int]
    var received = 0
    var counter = 0
    var patches: [(from: Int, size: Int)] = []
  }

  private let state: Mutex<State>
  private let quirks: Quirks
  private let server: Mutex<ScriptedServer?>

  /// - Parameter cuts: after so many bytes of all bodies together the connection ends.
  init(_ quirks: Quirks = Quirks(), cuts: [Int] = []) throws {
    self.quirks = quirks
    state = Mutex(State(cuts: cuts.sorted()))
    server = Mutex(nil)
    let made = try ScriptedServer(bodyLimit: 1 << 30, early: { [unowned self] in early($0) }) { [unowned self] in
      answer($0)
    }
    server.withLock { $0 = made }
  }

  var host: String { server.withLock { $0?.host ?? "" } }
  var requests: [ScriptedServer.Request] { server.withLock { $0?.requests ?? [] } }
  /// Bytes of all bodies.
  var received: Int { state.withLock { $0.received } }
  var patches: [(from: Int, size: Int)] { state.withLock { $0.patches } }
  var openUploads: Int { state.withLock { $0.uploads.count } }

  func blob(_ digest: Digest) -> [UInt8]? { state.withLock { $0.blobs[digest.description] } }
  func stop() { server.withLock { $0?.stop() } }
  func count(_ method: String) -> Int { requests.filter { $0.method == method }.count }

  private func early(_ request: ScriptedServer.Request) -> ScriptedServer.Early {
    let length = request.header("content-length").flatMap { Int($0) } ?? 0
    guard length > 0, ["PATCH", "PUT"].contains(request.method) else { return .readBody }
    if let refusal = refusal(request, length) { return .answer(refusal) }
    return state.withLock { state in
      guard let cut = state.cuts.first, cut < state.received + length else { return .readBody }
      state.cuts.removeFirst()
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
      if quirks.losesCutUploads { state.uploads[id] = nil }
      // libcurl sends a request once more by itself when a connection that was open before ends: that one does not fit.
      let begin = request.header("content-range")?.split(separator: "-").first.flatMap { Int($0) }
      if quirks.keepsCutChunks, begin == state.uploads[id]?.count { state.uploads[id]? += bytes }
    }
  }

  private static func id(_ request: ScriptedServer.Request) -> String {
    request.path.split(separator: "/").last.map(String.init) ?? ""
  }

  private func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
    let answer = state.withLock { take(request, &$0) }
    return quirks.lostAnswers.contains(request.number) ? .hangUp : answer
  }

  private func take(_ request: ScriptedServer.Request, _ state: inout State) -> ScriptedServer.Answer {
    let id = Self.id(request)
    switch request.method {
    case "HEAD":
      guard let blob = state.blobs[id] else { return .init(404) }
      return .init(200, length: blob.count)
    case "POST":
      state.counter += 1
      let new = "u\(state.counter)"
      state.uploads[new] = []
      let headers = quirks.chunkMinimum.map { [("OCI-Chunk-Min-Length", "\($0)")] } ?? []
      return .init(202, [("Location", place(new, &state, request))] + headers)
    case "GET", "DELETE", "PATCH", "PUT":
      guard let have = state.uploads[id], request.target.contains("step=\(state.steps[id] ?? 0)") else {
        return .init(404, text: #"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#)
      }
      if request.method == "DELETE" {
        state.uploads[id] = nil
        return .init(204)
      }
      return step(request, id, have, &state)
    default: return .init(405)
    }
  }

  private func step(
    _ request: ScriptedServer.Request, _ id: String, _ have: [UInt8], _ state: inout State
  ) -> ScriptedServer.Answer {
    switch request.method {
    case "GET":
      return .init(204, [("Range", range(id, have.count, state)), ("Location", place(id, &state, request))])
    case "PATCH":
      state.received += request.body.count
      let bounds = request.header("content-range")?.split(separator: "-").compactMap { Int($0) } ?? []
      guard bounds.count == 2, bounds[0] == have.count, bounds[1] + 1 - bounds[0] == request.body.count else {
        return .init(416)
      }
      state.patches.append((bounds[0], request.body.count))
      let whole = have + request.body
      state.uploads[id] = whole
      if state.firstEnds[id] == nil { state.firstEnds[id] = whole.count }
      return .init(
        quirks.acceptStatus, [("Range", range(id, whole.count, state)), ("Location", place(id, &state, request))])
    default:
      state.received += request.body.count
      let whole = have + request.body
      let digest = Digest.of(whole).description
      state.uploads[id] = nil
      guard request.target.hasSuffix("digest=" + WebAddress.encode(digest)) else {
        return .init(400, text: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#)
      }
      state.blobs[digest] = whole
      return .init(201, [("Docker-Content-Digest", digest)])
    }
  }

  private func range(_ id: String, _ count: Int, _ state: State) -> String {
    let end = quirks.stuckRange ? state.firstEnds[id] ?? count : count
    return end == 0 ? quirks.emptyRange : "0-\(end - 1)"
  }

  // Each answer has another Location, and only the newest one works.
  private func place(_ id: String, _ state: inout State, _ request: ScriptedServer.Request) -> String {
    let next = (state.steps[id] ?? 0) + 1
    state.steps[id] = next
    let path = "/v2/team/model/blobs/uploads/\(id)?state=%2Fa%3D&step=\(next)"
    return quirks.location.replacing("PATH", with: path).replacing("HOST", with: request.header("host") ?? "")
  }
}
