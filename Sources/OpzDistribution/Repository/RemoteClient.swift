import OpzHTTP
import OpzIO
import OpzOCI
import Synchronization

/// Sends requests to one repository of a remote registry: authorizes them, follows redirects within `AddressPolicy`,
/// and retries transient failures.
final class RemoteClient: Sendable {
  let reference: Reference
  let policy: AddressPolicy
  let quirks: RemoteQuirks
  let retrier: Retrier
  let progress: any ProgressSink
  let profiles: ProfileStore
  private let journal: UploadJournal?
  private let http: HTTPClient
  private let authorizer: Authorizer
  private let warnings = Mutex<Set<String>>([])
  /// The path of the registry's API, and what is added to the query of each request.
  private let (api, query): (String, String?)
  /// What reading asks a token server for. A client that will write asks for that at once, so that it needs one token.
  let readScopes: [Scope]
  /// The registry keeps lists of referrers under fallback tags and has no referrers API, as it showed to this client.
  let usesReferrersTags = Atomic(false)
  /// The shortest time in which a request without a body was answered, in seconds.
  private let latency = Mutex(Double.infinity)

  static let redirectLimit = 5
  /// How many large blobs are transferred at once over a long line.
  static let bulkStreams = 8
  private let firstBulk = Counter()

  /// Sets up the client; sends nothing.
  /// - Parameters:
  ///   - scheme: nil to derive it from the host and `insecure`.
  ///   - writes: whether the repository will be written to.
  ///   - credentials: used instead of those that the environment leads to.
  ///   - quirks: the deviations from the specification that are coped with.
  ///   - mirror: what a file of mirrors says of the registry.
  /// - Throws: `DistributionError` with the code `refusedAddress` for a host that cannot be connected to, or
  ///   `configuration` where a file that `mirror` names cannot be read.
  init(
    _ reference: Reference, environment: [String: String], userAgent: String, progress: any ProgressSink,
    insecure: Bool, retry: RetryPolicy, scheme: Origin.Scheme? = nil, writes: Bool = false,
    state: TransferState? = nil, credentials: Credentials? = nil, quirks: RemoteQuirks = .known,
    mirror: PullSource? = nil
  ) throws {
    var settings = HTTPSettings(userAgent: userAgent, environment: environment)
    guard let origin = Origin(of: reference, insecure: insecure, scheme: scheme ?? mirror?.scheme, settings) else {
      throw DistributionError(.refusedAddress, reference.name, reason: "the host is not one that can be connected to")
    }
    if let certificates = try mirror?.certificates() {
      settings = HTTPSettings(userAgent: userAgent, environment: environment, adding: (origin, certificates))
    }
    api = mirror?.api ?? "/v2"
    query = mirror?.namespace.map { "ns=\(WebAddress.encode($0))" }
    self.reference = reference
    self.progress = progress
    self.quirks = quirks
    readScopes = [writes ? .push(reference.repository) : .pull(reference.repository)]
    profiles = ProfileStore(origin, in: state?.profiles)
    journal = state.map { UploadJournal(directory: $0.uploads) }
    // Whoever writes http:// for a mirror, or calls it insecure, has allowed it for that mirror.
    policy = AddressPolicy(home: origin, insecure: insecure || mirror != nil && origin.scheme == .http)
    retrier = Retrier(policy: retry, progress: progress)
    http = try DistributionError.mapping { try HTTPClient(settings) }
    authorizer = Authorizer(
      reference, policy: policy, tokens: TokenSource(http, retrier, quirks: quirks),
      credentials: credentials ?? Credentials(environment: environment), quirks: quirks)
  }

  /// Whether the registry takes so long to answer that a line to it is not filled by two transfers at a time. False
  /// while nothing is known.
  var isFar: Bool { latency.withLock { $0.isFinite && $0 > RemoteClient.farLatency } }

  /// Seconds; a registry in the same machine or room answers in a few milliseconds.
  private static let farLatency = 0.015

  /// Opens connections for what will follow the first request, while that is being answered. Only where the answer
  /// takes a while, and only for HTTP/1.1 without TLS: with TLS a single connection mostly carries everything.
  func openConnections(_ count: Int) async {
    guard policy.home.scheme == .http else { return }
    try? await Task.sleep(for: .milliseconds(10))
    guard !latency.withLock({ $0.isFinite }), !Task.isCancelled else { return }
    let request = HTTPRequest(method: .get, address: root)
    _ = await concurrently(Array(0..<count), limit: count) { [http] _ in _ = try? await http.exchange(request) }
  }

  /// An address below `/v2/REPOSITORY/`.
  func address(_ path: String, query: String? = nil) -> WebAddress {
    let all = [query, self.query].compactMap { $0 }
    return WebAddress(
      origin: policy.home, path: "\(api)/\(reference.repository)/\(path)",
      query: all.isEmpty ? nil : all.joined(separator: "&"))
  }

  /// `/v2/`, which every registry answers.
  var root: WebAddress { WebAddress(origin: policy.home, path: "\(api)/", query: query) }

  /// The address in the `Location` header of a response to `request`.
  /// - Throws: `DistributionError` with the code `badResponse` where there is none, or `refusedAddress`.
  func location(of response: HTTPResponse, to request: HTTPRequest) throws -> WebAddress {
    guard let text = response["location"] else {
      throw DistributionError(
        .badResponse, request.address.shown, reason: "the response \(response.status) has no Location")
    }
    return try resolve(text, from: response.address ?? request.address)
  }

  func resolve(_ location: String, from: WebAddress) throws -> WebAddress {
    guard let address = from.resolving(location) else {
      throw DistributionError(
        .refusedAddress, from.shown, reason: "the registry points to something that is not an http or https address")
    }
    try DistributionError.mapping { try policy.check(address, from: from) }
    return address
  }

  /// Sends one request without credentials, to see the challenges.
  func sendWithoutCredentials(_ request: HTTPRequest) async throws -> HTTPResponse { try await http.exchange(request) }

  /// Sends a request and retries transient failures. Any response with another status is returned.
  /// - Parameter subject: what the request is about, for error messages.
  func send(_ request: HTTPRequest, scopes: [Scope], subject: String) async throws -> HTTPResponse {
    try await retrier.run(subject) { try await attempt(request, scopes: scopes, subject: subject) }
  }

  /// Sends a request without retries. A transient status is thrown as an error.
  func attempt(
    _ request: HTTPRequest, scopes: [Scope], subject: String,
    onSent: @escaping @Sendable (HTTPClient.SendEvent) -> Void = { _ in }
  ) async throws -> HTTPResponse {
    let response = try await exchange(request, scopes: scopes, onSent: onSent)
    for warning in response.head.all("warning") where warning.hasPrefix("299 ") { warn(warning) }
    if RetryPolicy.isTransient(response.status) { throw failure(response, subject) }
    return response
  }

  /// The error for a response that is not the one that was asked for.
  func failure(_ response: HTTPResponse, _ subject: String) -> DistributionError {
    RemoteErrorResponse.error(response, subject: subject, quirks)
  }

  /// Whether the repository has a blob or document.
  /// - Throws: `DistributionError`, with the code `wrongSize` where it has another size.
  func has(_ descriptor: Descriptor, _ scopes: [Scope]) async throws -> Bool {
    let kind = descriptor.mediaType.isDocument ? "manifests" : "blobs"
    let headers = descriptor.mediaType.isDocument ? [("Accept", descriptor.mediaType.rawValue)] : []
    var request = HTTPRequest(method: .head, address: address("\(kind)/\(descriptor.digest)"), headers: headers)
    // Opens the connections over which the first large blobs will be sent.
    request.isBulk = descriptor.size > HTTPRequest.bulkSize && firstBulk.take(below: RemoteClient.bulkStreams) != nil
    let subject = "\(reference.name)@\(descriptor.digest)"
    let response = try await send(request, scopes: scopes, subject: subject)
    if response.status == 404 { return false }
    guard response.status == 200 else { throw failure(response, subject) }
    if let length = response["content-length"].flatMap({ UInt64($0) }), length != descriptor.size {
      throw DistributionError(
        .wrongSize, subject, reason: "the registry has \(length) bytes for it, and it has \(descriptor.size)")
    }
    await removeJournalEntry(of: descriptor)
    return true
  }

  /// The journal entry for an upload to this repository; nil without a journal, or where another process uploads the
  /// same blob.
  func journalEntry(for descriptor: Descriptor) async -> JournalEntry? {
    guard let journal else { return nil }
    return try? await blocking { [key = key(descriptor)] in journal.entry(for: key) }
  }

  /// Removes the journal entry of a blob that is stored.
  func removeJournalEntry(of descriptor: Descriptor) async {
    guard let journal, !descriptor.mediaType.isDocument else { return }
    try? await blocking { [key = key(descriptor)] in journal.removeEntry(for: key) }
  }

  func key(_ descriptor: Descriptor) -> UploadRecord.Key {
    UploadRecord.Key(
      registry: policy.home.description, repository: reference.repository, digest: descriptor.digest.description,
      size: descriptor.size)
  }

  /// Compares the digest that the response states with the expected one.
  func checkDigest(of response: HTTPResponse, _ digest: Digest, _ subject: String) throws {
    guard let said = response["docker-content-digest"], said != digest.description else { return }
    // A digest of another algorithm cannot be compared.
    if let other = Digest(said), other.algorithm != digest.algorithm { return }
    throw DistributionError(
      .wrongDigest, subject, reason: "the registry says that the content's digest is \(PrintableText.brief(said))",
      hint: "the registry or a proxy in front of it is broken")
  }

  private func exchange(
    _ original: HTTPRequest, scopes: [Scope], onSent: @escaping @Sendable (HTTPClient.SendEvent) -> Void
  ) async throws -> HTTPResponse {
    var request = original.limited(to: retrier.policy.idle)
    // Credentials are only sent while the request has never left the remote registry's origin.
    var isAtHome = request.address.origin == policy.home
    var mayAnswer = isAtHome
    if isAtHome { request.authorization = try await authorizer.header(for: scopes) }
    var hops = 0
    while hops <= HTTPClient.redirectLimit {
      let start = ContinuousClock.now
      var response = try await http.exchange(request, onSent: onSent)
      if request.body.size == 0 {
        let seconds = (ContinuousClock.now - start).seconds
        latency.withLock { $0 = min($0, seconds) }
      }
      response.address = request.address
      if response.status == 401, isAtHome, mayAnswer {
        mayAnswer = false
        let challenges = Challenge.parse(response.head.all("www-authenticate"))
        request.authorization = try await authorizer.header(
          for: scopes, challenges: challenges, rejected: request.authorization)
        if request.body.size > 0 { onSent(.rewound) }
      } else if let next = try redirect(response, request) {
        hops += 1
        isAtHome = isAtHome && next.origin == policy.home
        if !isAtHome { request.authorization = nil }
        request.address = next
        if request.body.size > 0 { onSent(.rewound) }
      } else {
        return response
      }
    }
    throw DistributionError(
      .refusedAddress, original.address.shown, reason: "more than \(HTTPClient.redirectLimit) redirects")
  }

  private func redirect(_ response: HTTPResponse, _ request: HTTPRequest) throws -> WebAddress? {
    switch (response.status, request.method) {
    case (307, _), (308, _), (301, .get), (301, .head), (302, .get), (302, .head), (303, .get), (303, .head):
      try location(of: response, to: request)
    default: nil
    }
  }

  // A notice for the user (RFC 7234, section 5.5): shown once, never acted on.
  private func warn(_ text: String) {
    let words = text.split(separator: "\"", omittingEmptySubsequences: false)
    guard words.count > 1 else { return }
    let notice = PrintableText.brief(words[1])
    let isNew = warnings.withLock { $0.count < 16 && $0.insert(notice).inserted }
    if isNew { progress.report(.note("\(reference.host) says: \(notice)")) }
  }
}

extension Origin {
  /// The origin of the registry API of a reference's host; nil for a host that cannot be connected to.
  /// - Parameters:
  ///   - scheme: nil to derive it from the host and `insecure`. Docker Hub is never reached over plain HTTP.
  ///   - settings: tell which registries of this machine have certificates in `certs.d`, and so speak TLS.
  init?(of reference: Reference, insecure: Bool, scheme: Scheme? = nil, _ settings: HTTPSettings? = nil) {
    let isHub = reference.host == DockerHub.host
    let authority = isHub ? DockerHub.registry : reference.host
    let isPlain = reference.isLoopback || (insecure && !isHub)
    if scheme == nil, reference.isLoopback, let secure = Origin(.https, authority: authority),
      settings?.hasCertificates(for: secure) == true
    {
      self = secure
    } else {
      self.init(scheme ?? (isPlain ? .http : .https), authority: authority)
    }
  }
}
