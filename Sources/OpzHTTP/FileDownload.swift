public import OpzIO
public import SystemPackage

/// Downloads files with a known SHA-256 from web servers, such as wheels from package indexes.
///
/// A broken download resumes where it stopped, in this process or the next one. A file gets its final name only once
/// it is complete and its digest verified. A login is sent only to its own origin, over https or on loopback, and
/// never along with a redirect to another origin.
public final class FileDownload: Sendable {
  /// A user's login for one server.
  public struct Login: Sendable {
    let user: String
    let password: String

    /// Creates a login for HTTP Basic authentication.
    public init(user: String, password: String) {
      self.user = user
      self.password = password
    }
  }

  /// A file to download.
  public struct Item: Sendable {
    /// The name for messages and progress.
    public let name: String
    /// An absolute `http` or `https` URL.
    public let url: String
    /// The digest that the content must have.
    public let digest: Digest
    /// The size in bytes, where it is known in advance.
    public let size: UInt64?

    /// Describes a file to download.
    /// - Parameters:
    ///   - name: for messages and progress.
    ///   - url: an absolute `http` or `https` URL.
    ///   - digest: the digest that the content must have.
    ///   - size: bytes, where known; a file of another size is an error.
    public init(name: String, url: String, digest: Digest, size: UInt64?) {
      self.name = name
      self.url = url
      self.digest = digest
      self.size = size
    }
  }

  private let client: HTTPClient
  private let logins: [Origin: Login]
  private let retry: RetryPolicy
  private let progress: any ProgressSink
  private let insecure: Bool

  /// The largest file that is accepted where the size is not known in advance, in bytes.
  static let limit: UInt64 = 64 << 30

  /// Creates a downloader with its own connection pool and libcurl thread.
  /// - Parameters:
  ///   - environment: its variables name proxies and certificate files.
  ///   - logins: by the URL of a server, of which scheme, host and port count.
  ///   - insecure: allows plain HTTP to any host.
  /// - Throws: `HTTPError` with the code `connection` where libcurl cannot be loaded.
  public convenience init(
    environment: [String: String], logins: [(url: String, login: Login)] = [], userAgent: String,
    progress: any ProgressSink = NoProgress(), insecure: Bool = false
  ) throws {
    try self.init(
      environment: environment, logins: logins, userAgent: userAgent, progress: progress, insecure: insecure,
      retry: RetryPolicy())
  }

  init(
    environment: [String: String], logins: [(url: String, login: Login)], userAgent: String,
    progress: any ProgressSink, insecure: Bool, retry: RetryPolicy
  ) throws {
    client = try HTTPClient(HTTPSettings(userAgent: userAgent, environment: environment))
    let known = logins.compactMap { entry in WebAddress(entry.url).map { ($0.origin, entry.login) } }
    self.logins = Dictionary(known, uniquingKeysWith: { first, _ in first })
    self.progress = progress
    self.insecure = insecure
    self.retry = retry
  }

  /// Downloads a file to `path`, unless a file exists there.
  /// - Throws: `HTTPError`, with the code `wrongDigest` for a file with another digest, which is then
  ///   deleted; `IOFailure`.
  public func fetch(_ item: Item, to path: FilePath) async throws {
    guard let address = WebAddress(item.url) else {
      throw HTTPError(.badResponse, item.name, reason: "its address is not a plain http or https address")
    }
    guard address.origin.scheme == .https || address.origin.isLoopback || insecure else {
      throw refuse(item, "\(address.origin) is plain http")
    }
    try await blocking { [self] in
      if try FileStatus.find(path) != nil {
        // A partial file of an earlier attempt is no longer needed.
        return LockedFile.removeUnused(FileDownload.part(of: path))
      }
      try Durable.makeDirectory(path.removingLastComponent())
      progress.report(.started(item: item.name, total: item.size))
      do {
        try download(item, address, to: path)
        progress.report(.finished(item: item.name, outcome: .done))
      } catch {
        progress.report(.finished(item: item.name, outcome: .failed))
        throw error
      }
    }
  }

  private static func part(of path: FilePath) -> FilePath { FilePath(path.string + ".part") }

  private func download(_ item: Item, _ address: WebAddress, to path: FilePath) throws {
    let part = FileDownload.part(of: path)
    let partial = try PartialFile(part, limit: item.size ?? FileDownload.limit)
    // Another process may have finished the download while this one waited for the lock.
    if try FileStatus.find(path) != nil { return try Durable.remove(part) }
    var budget = RetryBudget(retry)
    while true {
      do {
        try attemptOnce(item, address, partial: partial)
        break
      } catch let error as HTTPError where error.isTransient {
        guard let wait = budget.next(error, at: partial.size) else { throw error }
        progress.report(.note("\(item.name): \(error.reason); resuming at byte \(partial.size)"))
        let milliseconds = Int64(wait * 1000)
        try waitFor { try await Task.sleep(for: .milliseconds(milliseconds)) }
      }
    }
    let found = partial.digest
    guard found == item.digest else {
      try Durable.remove(part)
      throw HTTPError(
        .wrongDigest, item.name, reason: "the server's file has the digest \(found), and \(item.digest) is wanted",
        hint: "somebody changed the file, or the lock is of another one: opz lock --update looks again")
    }
    try partial.file.sync()
    try Durable.publish(part, at: path)
  }

  private func attemptOnce(_ item: Item, _ address: WebAddress, partial: PartialFile) throws {
    if let size = item.size, partial.size == size { return }
    let offset = partial.size
    let response = try waitFor { [self] in try await request(item, address, from: offset) }
    guard let reader = response.reader else { throw failure(response, item) }
    switch response.status {
    case 200 where offset > 0: try partial.restart()
    case 200: break
    case 206 where response["content-range"]?.hasPrefix("bytes \(offset)-") ?? false: break
    default:
      throw HTTPError(.badResponse, item.name, reason: "the server answered \(response.status) with another range")
    }
    if response.status == 200, offset > 0 { progress.report(.restarted(item: item.name)) }
    let announced = response["content-length"].flatMap { UInt64($0) }.map { $0 &+ partial.size }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try reader.read(into: buffer)
      if count == 0 { break }
      guard try partial.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
        throw HTTPError(
          .wrongSize, item.name, reason: "the server sends more than the \(partial.limit) bytes that it has")
      }
      progress.report(.advanced(item: item.name, bytes: UInt64(count)))
    }
    if let size = item.size ?? announced, partial.size < size {
      throw HTTPError(.connection, item.name, reason: "the server sent \(partial.size) of \(size) bytes")
    }
  }

  private func request(_ item: Item, _ first: WebAddress, from offset: UInt64) async throws -> HTTPResponse {
    let policy = AddressPolicy(home: first.origin, insecure: insecure)
    var address = first
    for _ in 0...HTTPClient.redirectLimit {
      var request = HTTPRequest(method: .get, address: address, timeout: 0, isStreamed: true)
      if offset > 0 { request.headers.append(("Range", "bytes=\(offset)-")) }
      if let login = logins[address.origin] {
        request.authorization = HTTPRequest.basicAuthorization(user: login.user, password: login.password)
      }
      let response = try await client.send(request)
      guard [301, 302, 303, 307, 308].contains(response.status) else { return response }
      guard let text = response["location"], let next = address.resolving(text) else {
        throw HTTPError(.badResponse, item.name, reason: "the response \(response.status) has no usable Location")
      }
      try policy.check(next, from: address)
      address = next
    }
    throw HTTPError(.refusedAddress, item.name, reason: "more than \(HTTPClient.redirectLimit) redirects")
  }

  private func failure(_ response: HTTPResponse, _ item: Item) -> HTTPError {
    let retryAfter = RetryPolicy.seconds(retryAfter: response["retry-after"], now: .now())
    return HTTPError(
      .status(response.status, retryAfter: retryAfter), item.name, reason: "the server answered \(response.status)",
      hint: [401, 403].contains(response.status)
        ? "put the index's login into ~/.netrc, or into uv's variables" : nil)
  }

  private func refuse(_ item: Item, _ why: String) -> HTTPError {
    HTTPError(.refusedAddress, item.name, reason: why, hint: "use an index with https")
  }
}
