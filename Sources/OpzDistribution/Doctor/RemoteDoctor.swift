import OpzHTTP
public import OpzIO
public import OpzOCI

/// Finds out what a remote registry supports before much is sent to it: `opz doctor`.
///
/// Without a repository it only reads. With one it opens uploads and cancels them, and sends content under digests
/// that it does not have, which a working remote registry refuses. So nothing is left behind.
public struct RemoteDoctor: Sendable {
  private let reference: Reference
  private let hasRepository: Bool
  private let environment: [String: String]
  private let userAgent: String
  private let insecure: Bool
  /// Also searches for the largest request body, which sends up to `budget` bytes.
  private let isDeep: Bool
  /// Where the registry profile is saved.
  private let state: TransferState?
  /// Nil to derive it from the host.
  var scheme: Origin.Scheme?
  /// The number of bytes that the search for the largest body may send.
  var budget = RemoteDoctor.deepLimit

  /// The default limit on the bytes that a search for the largest body may send.
  public static let deepLimit: UInt64 = 512 << 20

  /// Sets up the checks; sends nothing.
  /// - Parameters:
  ///   - place: `HOST` or `HOST/REPO`.
  ///   - deep: also searches for the largest request body, which sends up to `deepLimit` bytes.
  ///   - state: where the registry profile is saved for later pushes.
  /// - Throws: `OCIError` where `place` is neither.
  public init(
    _ place: String, environment: [String: String], userAgent: String, insecure: Bool = false, deep: Bool = false,
    state: TransferState? = nil
  ) throws {
    hasRepository = place.contains("/")
    let named = hasRepository ? try Reference(parsing: place) : try Reference(host: place, repository: "opz")
    reference = try Reference(host: named.host, repository: named.repository)
    self.environment = environment
    self.userAgent = userAgent
    self.insecure = insecure
    isDeep = deep
    self.state = state
  }

  /// Runs the checks one after the other. A failed check is a finding, not an error.
  /// - Throws: `DistributionError` where libcurl cannot be used, or the host cannot be connected to.
  public func run(progress: any ProgressSink = NoProgress()) async throws -> RemoteProbe {
    var retry = RetryPolicy()
    retry.attempts = 2
    let client = try RemoteClient(
      reference, environment: environment, userAgent: userAgent, progress: progress, insecure: insecure, retry: retry,
      scheme: scheme, state: state)
    var probe = RemoteProbe(
      registry: client.policy.home.description, repository: hasRepository ? reference.repository : nil)
    var quick = retry
    (quick.attempts, quick.idle) = (1, 20)
    await MirrorProbe(reference: reference, environment: environment, userAgent: userAgent).run(&probe, retry: quick)
    guard await connect(client, &probe) else { return probe }
    guard await logIn(client, &probe) else { return probe }
    guard hasRepository else {
      probe.note(
        "repository", .skipped, found: "none was given, so nothing was written",
        action: "opz doctor \(reference.host)/REPO checks uploads, mounts, referrers and limits")
      return probe
    }
    let reading = ReadingProbe(client: client)
    let found = await reading.run(&probe)
    guard found.isReadable else { return probe }
    let uploads = UploadProbe(client: client)
    guard await uploads.run(&probe) else { return probe }
    await reading.tryMount(found.blob, &probe)
    await ManifestProbe(client: client).run(&probe)
    if isDeep { await BodyProbe(uploads: uploads, budget: budget).run(&probe) }
    RemoteDoctor.sum(isDeep, &probe)
    client.profiles.learn { $0.take(probe) }
    return probe
  }

  // MARK: Connection

  private func connect(_ client: RemoteClient, _ probe: inout RemoteProbe) async -> Bool {
    let facts: ConnectionFacts
    do {
      let (request, settings) = (client.versionCheck, HTTPSettings(userAgent: userAgent, environment: environment))
      facts = try await blocking { try ConnectionFacts.get(request.address, settings) }
    } catch {
      let explained = error as? any ExplainedError
      probe.note("connection", .fail, found: explained?.reason ?? "\(error)", action: explained?.hint ?? "")
      return false
    }
    probe.httpVersion = facts.httpVersion
    probe.proxy = facts.proxy
    probe.certificates = facts.certificates.map {
      .init(subject: $0.subject, issuer: $0.issuer, expires: $0.expires?.description)
    }
    probe.note(
      "connection", .ok,
      found: "HTTP/\(facts.httpVersion), first byte after \(Int((facts.seconds * 1000).rounded())) ms")
    probe.note(
      "proxy", .ok, found: facts.proxy.map { "through \($0)" } ?? "none",
      action: facts.proxy == nil ? "" : "set by the environment")
    checkCertificates(facts, client.policy.home, probe: &probe)
    checkClock(facts, &probe)
    return checkVersion(facts, &probe)
  }

  private func checkCertificates(_ facts: ConnectionFacts, _ origin: Origin, probe: inout RemoteProbe) {
    guard origin.scheme == .https else {
      return probe.note(
        "tls", origin.isLoopback ? .ok : .warn, found: "plain http" + (origin.isLoopback ? " to this machine" : ""),
        action: origin.isLoopback ? "" : "anyone on the network path can read credentials and models; use https")
    }
    guard let own = facts.certificates.first else { return probe.note("tls", .ok, found: "the certificate is trusted") }
    guard let expires = own.expires else { return probe.note("tls", .ok, found: "trusted, issued by \(own.issuer)") }
    let days = (expires.milliseconds &- Timestamp.now().milliseconds) / 86_400_000
    probe.note(
      "tls", days < 14 ? .warn : .ok,
      found:
        "\(facts.certificates.count) certificates, issued by \(own.issuer), ends \(expires.description.prefix(10)) (\(days) days)",
      action: days < 14 ? "renew it; pushes fail once it has expired" : "")
  }

  private func checkClock(_ facts: ConnectionFacts, _ probe: inout RemoteProbe) {
    guard let date = facts.head["date"].flatMap({ HTTPDate.parse($0) }) else {
      return probe.note("clock", .skipped, found: "the response has no Date header")
    }
    // The header has a resolution of one second.
    let skew = (date.milliseconds &- facts.at.milliseconds) / 1000
    probe.clockSkew = skew
    let (verdict, action): (RemoteProbe.Verdict, String) =
      switch skew.magnitude {
      case ...30: (.ok, "")
      case ...300: (.warn, "tokens may look expired or not yet valid; set both clocks by NTP")
      default: (.fail, "tokens will be refused; set both clocks by NTP")
      }
    probe.note(
      "clock", verdict,
      found: skew.magnitude <= 1
        ? "same as this machine's" : "\(skew.magnitude) s \(skew > 0 ? "ahead of" : "behind") this machine's",
      action: action)
  }

  private func checkVersion(_ facts: ConnectionFacts, _ probe: inout RemoteProbe) -> Bool {
    let said = facts.head["docker-distribution-api-version"]
    guard [200, 401, 403].contains(facts.head.status) else {
      probe.note(
        "api", .fail, found: "GET /v2/ answered \(facts.head.status)",
        action: "this is not a container registry, or a proxy hides /v2/")
      return false
    }
    probe.note("api", .ok, found: "the registry API, version 2" + (said.map { " (\($0))" } ?? ""))
    return true
  }

  // MARK: Authentication

  private func logIn(_ client: RemoteClient, _ probe: inout RemoteProbe) async -> Bool {
    do {
      let challenges = try await client.challenges()
      let (environment, reference) = (environment, reference)
      let known = try await blocking {
        try Credentials(environment: environment).find(reference.host, repository: reference.repository) != nil
      }
      let bearer = challenges?.first { $0.scheme == "bearer" }
      probe.authentication = challenges == nil ? "none" : bearer == nil ? "basic" : "bearer"
      let response = try await client.send(client.versionCheck, scopes: [], subject: reference.host)
      guard response.status == 200 else { throw client.failure(response, reference.host) }
      let realm = bearer?.parameters["realm"].flatMap { WebAddress($0) }.map { " from \($0.origin)" } ?? ""
      let way = challenges == nil ? "anonymous access" : bearer == nil ? "user and password" : "tokens\(realm)"
      probe.note(
        "auth", .ok, found: challenges == nil ? way : "\(way), \(known ? "with your credentials" : "anonymously")",
        action: bearer == nil ? "" : "opz fetches one for each repository and renews it before it expires")
      return true
    } catch {
      let explained = error as? DistributionError
      probe.note("auth", .fail, found: explained?.reason ?? "\(error)", action: "opz login \(reference.host)")
      return false
    }
  }

  private static func sum(_ isDeep: Bool, _ probe: inout RemoteProbe) {
    if probe.left > 0 {
      probe.note(
        "left behind", .warn, found: "\(probe.left) uploads could not be canceled", action: "the registry expires them")
    }
    if let refused = probe.smallestRefused {
      let taken = probe.largestTaken ?? 0
      probe.note(
        "body", taken < 5 << 20 ? .warn : .ok,
        found:
          "\(ByteCount.text(taken)) accepted, \(ByteCount.text(refused)) refused: the registry or a proxy in front of it has a limit",
        action: "requests stay at or below \(ByteCount.text(taken))")
    } else if let taken = probe.largestTaken {
      probe.note(
        "body", .ok, found: "\(ByteCount.text(taken)) accepted in one request",
        action: isDeep ? "" : "--deep searches for the limit")
    }
  }
}
