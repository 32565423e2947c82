import OpzHTTP
import OpzIO
import OpzOCI

/// Produces the `Authorization` headers for one repository, and remembers which scheme its remote registry uses.
actor Authorizer {
  private enum Scheme {
    case unknown
    case basic
    case bearer(TokenSource.Realm)
  }

  private let reference: Reference
  private let policy: AddressPolicy
  private let tokens: TokenSource
  private let credentials: Credentials
  private let quirks: RemoteQuirks
  private var scheme = Scheme.unknown
  private var lookup: Task<Credential?, any Error>?
  /// Scopes that challenges asked for in addition to those of the request.
  private var extra: Set<Scope> = []

  init(
    _ reference: Reference, policy: AddressPolicy, tokens: TokenSource, credentials: Credentials, quirks: RemoteQuirks
  ) {
    self.reference = reference
    self.policy = policy
    self.tokens = tokens
    self.credentials = credentials
    self.quirks = quirks
  }

  /// Returns the header to send with a request, or nil while the authentication scheme is not known.
  func header(for scopes: [Scope]) async throws -> String? {
    switch scheme {
    case .unknown: nil
    case .basic: try await basic()
    case .bearer(let realm): try await bearer(realm, scopes: scopes, rejected: nil)
    }
  }

  /// Returns the header that answers a 401.
  /// - Parameter rejected: the header that was sent with the request that got the 401.
  /// - Throws: `DistributionError` with the code `unauthorized` where there is no challenge that can be answered.
  func header(for scopes: [Scope], challenges: [Challenge], rejected: String?) async throws -> String {
    for challenge in challenges where challenge.scheme == "bearer" {
      guard let text = challenge.parameters["realm"], let address = WebAddress(text) else { continue }
      try DistributionError.mapping { try policy.checkRealm(address) }
      let realm = TokenSource.Realm(address: address, service: challenge.parameters["service"])
      scheme = .bearer(realm)
      extra.formUnion(Scope.parse(challenge.parameters["scope"] ?? ""))
      return try await bearer(realm, scopes: scopes, rejected: rejected)
    }
    if challenges.contains(where: { $0.scheme == "basic" }), let header = try await basic(otherThan: rejected) {
      scheme = .basic
      return header
    }
    throw DistributionError(
      .unauthorized, reference.name,
      reason: challenges.isEmpty ? "the registry does not say how to log in" : refusal(rejected),
      hint: "log in to the registry: opz login \(reference.host)", status: 401)
  }

  private func refusal(_ rejected: String?) -> String {
    rejected == nil
      ? "the registry wants a user and a password, and none is known" : "the registry refused the credentials"
  }

  private func basic() async throws -> String? { Authorizer.basic(try await credential()) }

  private func basic(otherThan rejected: String?) async throws -> String? {
    let found = try await credential()
    if let header = Authorizer.basic(found), header != rejected { return header }
    guard rejected != nil, let new = try await renewed(found) else { return nil }
    return Authorizer.basic(new)
  }

  private static func basic(_ credential: Credential?) -> String? {
    guard case .password(let user, let password) = credential else { return nil }
    return HTTPRequest.basicAuthorization(user: user, password: password)
  }

  private func bearer(_ realm: TokenSource.Realm, scopes: [Scope], rejected: String?) async throws -> String {
    let found = try await credential()
    if case .registryToken(let token) = found { return "Bearer \(token)" }
    do {
      return try await bearer(realm, scopes: scopes, credential: found, rejected: rejected)
    } catch let error as DistributionError where error.code == .unauthorized {
      guard let new = try await renewed(found) else { throw error }
      return try await bearer(realm, scopes: scopes, credential: new, rejected: rejected)
    }
  }

  private func bearer(
    _ realm: TokenSource.Realm, scopes: [Scope], credential: Credential?, rejected: String?
  ) async throws -> String {
    let wanted = scopes + extra.filter { $0.type != "repository" || scopes.map(\.name).contains($0.name) }
    let token = try await tokens.token(
      realm, scopes: wanted, credential: credential, rejected: rejected.map { String($0.dropFirst("Bearer ".count)) })
    return "Bearer \(token.value)"
  }

  /// The user's current credential, or nil where it is the one that was rejected.
  private func renewed(_ refused: Credential?) async throws -> Credential? {
    if let current = try await credential(), current != refused { return current }
    guard quirks.renewsPassword(refused) else { return nil }
    lookup = nil
    guard let new = try await credential(), new != refused else { return nil }
    return new
  }

  private func credential() async throws -> Credential? {
    if let lookup { return try await lookup.value }
    let task = Task { [credentials, reference] in
      try await blocking { try credentials.find(reference.host, repository: reference.repository) }
    }
    lookup = task
    return try await task.value
  }
}

extension AddressPolicy {
  /// Checks the token server of a `Bearer` challenge, which is sent the user's credentials for this remote registry.
  /// - Throws: `HTTPError` with the code `refusedAddress`.
  func checkRealm(_ realm: WebAddress) throws {
    if realm.origin == home { return }
    try checkPlace(realm)
    let isOwnPlainHost = insecure && realm.origin.host == home.host
    guard realm.origin.scheme == .https || (home.isLoopback && realm.origin.isLoopback) || isOwnPlainHost else {
      throw refusal(realm, "credentials are sent to a token server over https only")
    }
    try checkScheme(realm, from: home)
  }
}
