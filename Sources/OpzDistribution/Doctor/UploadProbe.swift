import OpzHTTP
import OpzIO
import OpzOCI

/// Finds out how blobs can be uploaded. Each upload is canceled and none is completed.
struct UploadProbe: Sendable {
  let client: RemoteClient

  static let small: UInt64 = 1 << 10
  /// Above GHCR's largest chunk of 4 MiB (oras-project/rust-oci-client#37), and exactly ECR's smallest of 5 MiB.
  static let large: UInt64 = 5 << 20

  private var subject: String { client.reference.name }
  private var scopes: [Scope] { [.push(client.reference.repository)] }

  /// Returns false where nothing can be uploaded, or where an upload could not be canceled.
  func run(_ probe: inout RemoteProbe) async -> Bool {
    do {
      guard let (session, head) = try await begin() else {
        probe.note("uploads", .fail, found: "no upload can be opened", action: "ask who runs the registry")
        return false
      }
      probe.chunkMinimum = head["oci-chunk-min-length"].flatMap { UInt64($0) }
      guard await cancel(session) else {
        probe.note(
          "uploads", .warn, found: "an upload cannot be canceled; one is left, which the registry expires",
          action: "nothing more was checked")
        return false
      }
      probe.note("uploads", .ok, found: "can be opened and canceled")
      try await sendChunks(&probe)
      return true
    } catch {
      let explained = error as? DistributionError
      probe.note("uploads", .fail, found: explained?.reason ?? "\(error)", action: explained?.hint ?? "")
      return false
    }
  }

  /// Opens an upload.
  func begin() async throws -> (session: WebAddress, head: HTTPHead)? {
    let request = HTTPRequest(method: .post, address: client.address("blobs/uploads/"))
    let response = try await client.attempt(request, scopes: scopes, subject: subject)
    guard response.status == 202 else { throw client.failure(response, subject) }
    return (try client.location(of: response, to: request), response.head)
  }

  /// Cancels an upload (distribution's HTTP API, "Canceling an Upload"); returns whether that worked.
  @discardableResult
  func cancel(_ session: WebAddress) async -> Bool {
    let request = HTTPRequest(method: .delete, address: session)
    guard let response = try? await client.attempt(request, scopes: scopes, subject: subject) else { return false }
    return response.head.isSuccess
  }

  /// Sends a body of `size` zero bytes to an upload's address.
  func send(_ method: HTTPRequest.Method, _ size: UInt64, to address: WebAddress, from offset: UInt64? = nil)
    async throws -> (response: HTTPResponse, request: HTTPRequest)
  {
    var request = HTTPRequest(
      method: method, address: address, headers: [("Content-Type", "application/octet-stream")],
      body: .blob(ZeroBlob(size: size)), timeout: 0)
    if let offset { request.headers.append(("Content-Range", "\(offset)-\(offset &+ size &- 1)")) }
    return (try await client.attempt(request, scopes: scopes, subject: subject), request)
  }

  private enum Chunks {
    /// Two chunks were accepted; says whether the remote registry reports the offset.
    case taken(reportsOffset: Bool)
    case refused(Int)
  }

  private func sendChunks(_ probe: inout RemoteProbe) async throws {
    var first = UploadProbe.small
    var outcome = try await twoChunks(of: first, &probe)
    if case .refused(let status) = outcome, [400, 413, 416, 422].contains(status) {
      first = min(max(probe.chunkMinimum ?? UploadProbe.large, UploadProbe.small), 64 << 20)
      outcome = try await twoChunks(of: first, &probe)
      if case .taken = outcome { probe.chunkMinimum = probe.chunkMinimum ?? first }
    }
    switch outcome {
    case .refused(let status):
      probe.chunks = false
      probe.note(
        "chunks", .warn, found: "a chunk was answered \(status)",
        action: "each blob is one request; a lost connection restarts that blob"
      )
    case .taken(let reportsOffset):
      probe.chunks = true
      let minimum =
        probe.chunkMinimum.map { ", of \(ByteCount.text($0)) and more" } ?? ", of \(ByteCount.text(first)) and more"
      probe.note(
        "chunks", reportsOffset ? .ok : .warn,
        found: "are accepted\(minimum)" + (reportsOffset ? "" : ", but the registry does not report how much it has"),
        action: reportsOffset
          ? "large blobs are uploaded in chunks and resume after a lost connection"
          : "a lost connection restarts that blob")
      try await largeChunk(&probe)
    }
  }

  private func twoChunks(of size: UInt64, _ probe: inout RemoteProbe) async throws -> Chunks {
    guard let (opened, _) = try await begin() else { return .refused(0) }
    var session = opened
    for offset in [0, size] {
      let (response, request) = try await send(.patch, size, to: session, from: offset)
      probe.sent &+= size
      guard [201, 202, 204].contains(response.status) else {
        await cancel(session)
        return .refused(response.status)
      }
      probe.take(size)
      session = try client.location(of: response, to: request)
    }
    let status = try await client.attempt(HTTPRequest(method: .get, address: session), scopes: scopes, subject: subject)
    let end = status["range"].flatMap { $0.split(separator: "-").last }.flatMap { UInt64($0) }
    await cancel(session)
    return .taken(reportsOffset: status.head.isSuccess && end == 2 &* size &- 1)
  }

  private func largeChunk(_ probe: inout RemoteProbe) async throws {
    let size = UploadProbe.large
    guard probe.largestTaken ?? 0 < size else { return }
    switch try await sendOne(.patch, size, probe: &probe) {
    case .taken: probe.take(size)
    case .tooLarge: probe.refuse(size)
    case .refused(let status):
      probe.chunkRefused = size
      probe.note(
        "chunk size", .warn, found: "one of \(ByteCount.text(size)) is answered \(status)",
        action: "each blob is one request")
    }
  }

  enum BodyOutcome: Sendable, Equatable {
    case taken
    /// 413, or a connection closed in the middle of the body, as some proxies do.
    case tooLarge
    case refused(Int)
  }

  /// Sends one body to a new upload, which is then canceled.
  /// - Parameter method: `.patch`, or `.put` with the digest of something else, so that nothing is stored.
  func sendOne(_ method: HTTPRequest.Method, _ size: UInt64, probe: inout RemoteProbe) async throws -> BodyOutcome {
    guard let (opened, _) = try await begin() else { return .refused(0) }
    let address = method == .put ? opened.adding("digest", RandomDigest.make().description) : opened
    var session = opened
    var outcome = BodyOutcome.tooLarge
    probe.sent &+= size
    do {
      let (response, request) = try await send(method, size, to: address, from: method == .patch ? 0 : nil)
      switch response.status {
      case 413: break
      case 200..<300:
        outcome = .taken
        session = try client.location(of: response, to: request)
      default: outcome = method == .put ? .taken : .refused(response.status)
      }
    } catch let error as DistributionError where error.code == .connection || error.code == .tooLarge {
      outcome = .tooLarge
    }
    // A PUT that was refused for its digest has already ended the upload.
    let isCancelled = await cancel(session)
    if !isCancelled, method == .patch { probe.left += 1 }
    return outcome
  }
}

/// A blob of `size` zero bytes.
struct ZeroBlob: Blob {
  let size: UInt64

  func open(at offset: UInt64) throws -> any ByteSource { Source(left: size - min(offset, size)) }

  private final class Source: ByteSource {
    private var left: UInt64

    init(left: UInt64) { self.left = left }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      let count = Int(min(UInt64(buffer.count), left))
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
      left -= UInt64(count)
      return count
    }
  }
}
