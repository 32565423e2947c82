import OpzHTTPServer
package import OpzHub
package import OpzIO
package import OpzOCI
import OpzRegistry
import OpzStore
package import OpzTestKit
import Synchronization

/// The registry of `opz registry serve`, in a temporary directory, behind a server that ends connections at exact bytes
/// and counts what it received.
package final class SpecRegistry: Sendable {
  /// Decides on a request before its body is read; nil leaves it to the registry.
  package typealias Gate = @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer?

  private struct State {
    var cuts: [Int]
    var received = 0
    var isDown = false
    var patches: [(from: Int, size: Int)] = []
    var tags: [String: Digest] = [:]
  }

  private let directory: TemporaryDirectory
  private let registry: Registry
  private let responder: ProfileResponder
  private let state: Mutex<State>
  private let staysDown: Bool
  private let lostResponses: Set<Int>
  private let gate: Gate
  private let server: Mutex<ScriptedServer?>

  /// Starts the registry.
  /// - Parameters:
  ///   - quirks: what it does beside the distribution-spec.
  ///   - cuts: totals of uploaded bytes after which the connection is closed.
  ///   - staysDown: after a cut, no request gets a response until `recover`.
  ///   - forgetsOldLocations: reports an upload's status only at its newest `Location`, as docker-registry does.
  ///   - lostResponses: the requests, by number, that are carried out and get no response.
  package init(
    _ quirks: Quirk..., cuts: [Int] = [], staysDown: Bool = false, forgetsOldLocations: Bool = false,
    lostResponses: Set<Int> = [], gate: @escaping Gate = { _ in nil }
  ) throws {
    directory = try TemporaryDirectory()
    registry = try Registry.create(directory.path.appending("registry"))
    responder = try ProfileResponder(registry, quirks: [.freshLocations(forgets: forgetsOldLocations)] + quirks)
    state = Mutex(State(cuts: cuts.sorted()))
    (self.staysDown, self.lostResponses, self.gate) = (staysDown, lostResponses, gate)
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

  /// Starts a registry without quirks.
  /// - Parameter keepsCutChunks: false drops the bytes of interrupted chunks.
  package convenience init(keeping keepsCutChunks: Bool, cuts: [Int] = [], staysDown: Bool = false) throws {
    if keepsCutChunks {
      try self.init(cuts: cuts, staysDown: staysDown)
    } else {
      try self.init(.dropsCutChunks, cuts: cuts, staysDown: staysDown)
    }
  }

  /// `127.0.0.1:PORT`.
  package var host: String { server.withLock { $0?.host ?? "" } }
  package var requests: [ScriptedServer.Request] { server.withLock { $0?.requests ?? [] } }
  /// Bytes of all uploads' bodies.
  package var received: Int { state.withLock { $0.received } }
  /// The chunks that were accepted.
  package var patches: [(from: Int, size: Int)] { state.withLock { $0.patches } }
  /// Uploads that were neither finished nor cancelled.
  package var openUploads: Int { (try? Directory.entries(registry.root.appending("cache/uploads")).count) ?? 0 }

  /// Whether it has a blob with these bytes.
  package func has(_ content: [UInt8]) -> Bool { hasBlob(Digest.of(content)) }
  /// Whether it has a blob with this digest. It names no blob before it has hashed the bytes.
  package func hasBlob(_ digest: Digest) -> Bool {
    (try? FileStatus.find(registry.store.path(of: digest))?.kind == .file) ?? false
  }
  /// Stops the server.
  package func stop() { server.withLock { $0?.stop() } }

  /// The digest of a tag's manifest.
  package func digest(ofTag tag: String) -> Digest? { state.withLock { $0.tags[tag] } }

  /// Ends the outage that follows a cut.
  package func recover() { state.withLock { $0.isDown = false } }

  /// The number of requests with a method.
  package func count(_ method: String) -> Int { requests.filter { $0.method == method }.count }

  private func early(_ request: ScriptedServer.Request) -> ScriptedServer.Early {
    if state.withLock({ $0.isDown }) { return .answer(.hangUp) }
    if let answer = gate(request) { return .answer(answer) }
    let head = HubRequest(head(of: request))
    do {
      if let refusal = try responder.refusal(head) { return .answer(try answer(refusal)) }
    } catch {
      return .answer(.hangUp)
    }
    let length = Int(clamping: head.length ?? 0)
    guard length > 0, [.uploadChunk, .uploadFinish].contains(head.kind) else { return .readBody }
    return state.withLock { state in
      guard let cut = state.cuts.first, cut < state.received + length else { return .readBody }
      state.cuts.removeFirst()
      state.isDown = staysDown
      let after = max(0, cut - state.received)
      state.received += after
      return .cut(after: after) { [self] in keep($0, of: request) }
    }
  }

  /// Hands on the part of a body that arrived.
  private func keep(_ bytes: [UInt8], of request: ScriptedServer.Request) {
    let head = HubRequest(head(of: request))
    // libcurl itself repeats a request when a reused connection closes, and a body sent whole is not resumed.
    guard head.kind == .uploadChunk else { return }
    _ = CallingThread.run { [responder] in try await responder.accept(head, PartialBody(bytes)) }
  }

  private func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
    let head = HubRequest(head(of: request))
    let isUpload = [.uploadChunk, .uploadFinish].contains(head.kind)
    if isUpload { state.withLock { $0.received += request.body.count } }
    let response = CallingThread.run { [responder] in try await responder.accept(head, KnownBody(request.body)) }
    guard let response = try? response.get(), let answer = try? answer(response) else { return .hangUp }
    note(request, head, response: response)
    return lostResponses.contains(request.number) ? .hangUp : answer
  }

  private func note(_ request: ScriptedServer.Request, _ head: HubRequest, response: Response) {
    guard (200..<300).contains(response.status) else { return }
    let start = request.header("content-range")?.split(separator: "-").first.flatMap { Int($0) }
    let name = String(request.path.split(separator: "/").last ?? "")
    state.withLock { state in
      if head.kind == .uploadChunk { state.patches.append((start ?? 0, request.body.count)) }
      if head.kind == .manifestPut { state.tags[name] = Digest.of(request.body) }
    }
  }

  private func head(of request: ScriptedServer.Request) -> Request {
    let length = request.header("content-length").flatMap { UInt64($0) } ?? 0
    return Request(
      request.method, request.target, fields: HTTPFields(request.headers),
      framing: length > 0 ? .length(length) : .none)
  }

  private func answer(_ response: Response) throws -> ScriptedServer.Answer {
    let headers = response.headers.map { ($0.name, $0.value) }
    switch response.body {
    case .bytes(let bytes): return .init(response.status, headers, body: bytes)
    case .file(let path, let start, let count):
      let file = try OpenFile.reading(path)
      var bytes = [UInt8](repeating: 0, count: Int(count))
      var done = 0
      while done < bytes.count {
        let read = try bytes.withUnsafeMutableBytes {
          try file.read(at: start + UInt64(done), into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
        }
        if read == 0 { return .hangUp }
        done += read
      }
      return .init(response.status, headers, body: bytes)
    }
  }
}
