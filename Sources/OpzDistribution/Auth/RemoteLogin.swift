import OpzHTTP
import OpzIO
public import OpzOCI

/// Checks a user's secret with a remote registry before it is saved.
public struct RemoteLogin: Sendable {
  /// What a remote registry said to a login.
  public enum Verdict: Sendable, Equatable {
    /// The remote registry or its token server accepted the credentials.
    case accepted
    /// The remote registry allows anonymous access, so the credentials were not checked.
    case notAsked
  }

  private let reference: Reference
  private let environment: [String: String]
  private let userAgent: String
  private let insecure: Bool

  /// Sets up the check; sends nothing.
  /// - Parameter host: the host, with its port if it has one.
  /// - Throws: `OCIError` for an invalid host.
  public init(_ host: String, environment: [String: String], userAgent: String, insecure: Bool = false) throws {
    reference = try Reference(host: RemoteLogin.host(host), repository: "opz")
    self.environment = environment
    self.userAgent = userAgent
    self.insecure = insecure
  }

  /// Returns the canonical name of Docker Hub for any of its names, such as `https://index.docker.io/v1/` in Docker's
  /// configuration. Other text is returned unchanged.
  public static func host(_ text: String) -> String {
    var host = text[...]
    if let scheme = Origin.Scheme.prefix(of: host) { host = host.dropFirst(scheme.rawValue.count + 3) }
    for ending in ["/", "/v1", "/v2"] where host.hasSuffix(ending) { host = host.dropLast(ending.count) }
    return DockerHub.isHost(host) ? DockerHub.host : text
  }

  /// Logs in with the credentials, and saves nothing.
  /// - Parameter secret: a password or an access token.
  /// - Throws: `DistributionError`, with the code `unauthorized` where the credentials are refused.
  public func check(user: String, secret: String) async throws -> Verdict {
    let client = try RemoteClient(
      reference, environment: environment, userAgent: userAgent, progress: NoProgress(), insecure: insecure,
      retry: RetryPolicy(), credentials: Credentials(.password(user: user, password: secret)))
    guard try await client.challenges() != nil else { return .notAsked }
    let response: HTTPResponse
    do {
      response = try await client.send(client.versionCheck, scopes: [], subject: reference.host)
    } catch let error as DistributionError where error.code == .unauthorized {
      throw refusal(error.status)
    }
    switch response.status {
    case 200: return .accepted
    case 401, 403: throw refusal(response.status)
    default: throw client.failure(response, reference.host)
    }
  }

  private func refusal(_ status: Int?) -> DistributionError {
    DistributionError(
      .unauthorized, reference.host, reason: "the registry refused the user or the secret; nothing was kept",
      hint: "many registries want a token of yours in place of the password", status: status)
  }
}

extension RemoteClient {
  /// `GET /v2/`, which every remote registry supports (distribution-spec 1.1, "Determining Support").
  var versionCheck: HTTPRequest {
    HTTPRequest(method: .get, address: root)
  }

  /// The challenges of the remote registry; nil where it allows anonymous access.
  func challenges() async throws -> [Challenge]? {
    let response = try await sendWithoutCredentials(versionCheck)
    return response.status == 401 ? Challenge.parse(response.head.all("www-authenticate")) : nil
  }
}
